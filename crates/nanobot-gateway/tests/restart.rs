//! A gateway that goes on where another one ended.

mod common;

use std::sync::Arc;

use common::{Stage, played, send, settings};
use nanobot_channel::{InboundMessage, OutboundKind, OutboundMessage};
use nanobot_gateway::OnUnknown;
use nanobot_ledger::{
    DeliveryFilter, DeliveryState, FailedTry, InboundEntry, Ledger, MemoryLedger, OutboundEntry,
    TurnCommit, new_id,
};

/// A ledger with so many deliveries that wait, all in one chat; their texts are numbers.
async fn ledger_with_waiting(count: usize) -> Arc<MemoryLedger> {
    let ledger = Arc::new(MemoryLedger::default());
    let outbound = (0..count).map(|number| outbound(&number.to_string())).collect();
    let turn = TurnCommit {
        inbound_id: String::new(),
        joined: Vec::new(),
        session: "hook:c1".into(),
        history: Vec::new(),
        outbound,
        usage: None,
    };
    ledger.commit_turn(turn).await.expect("memory takes it");
    ledger
}

fn outbound(text: &str) -> OutboundEntry {
    let message = OutboundMessage {
        delivery_id: text.into(),
        chat_id: "c1".into(),
        thread_id: None,
        text: text.into(),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: nanobot_channel::Metadata::new(),
    };
    OutboundEntry { channel: "hook".into(), message }
}

#[tokio::test]
async fn what_waited_is_delivered_in_order_and_before_what_is_answered_now() {
    // More than a lane takes while the gateway runs.
    const WAITING: usize = 150;
    let ledger = ledger_with_waiting(WAITING).await;
    let entry = InboundEntry {
        id: new_id(),
        channel: "hook".into(),
        session: "hook:c1".into(),
        received_ms: 1,
        message: InboundMessage::new("ada", "c1", "hi"),
    };
    ledger.accept(entry).await.unwrap();
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::with(vec![spec], settings(), ledger).await;
    let channel = played.started().await;
    channel.cx.connected();
    stage.answer("the new answer").await;
    for number in 0..WAITING {
        let call = played.succeed().await;
        assert!(
            matches!(&call, common::Call::Send { text, .. } if *text == number.to_string()),
            "{number}: {call:?}"
        );
    }
    assert_eq!(played.succeed().await, send("c1", "the new answer", 1));
}

#[tokio::test]
async fn delivery_that_may_have_arrived_is_put_aside_at_the_start_where_that_is_configured() {
    let ledger = ledger_with_waiting(1).await;
    ledger.begin_delivery("0").await.unwrap();
    let failed = FailedTry { reason: "no answer".into(), is_unknown: true };
    ledger.fail_try("0", failed).await.unwrap();
    let (mut spec, mut played) = played("hook", false);
    (spec.deduplicates, spec.on_unknown) = (false, OnUnknown::Hold);
    let mut stage = Stage::with(vec![spec], settings(), ledger.clone()).await;
    let channel = played.started().await;
    channel.cx.connected();
    channel.receive("c1", "hi").await.unwrap();
    stage.answer("the answer").await;
    assert_eq!(played.succeed().await, send("c1", "the answer", 1));
    let held = ledger.deliveries(DeliveryFilter::of([DeliveryState::Held])).await.unwrap();
    assert_eq!(held.len(), 1);
}
