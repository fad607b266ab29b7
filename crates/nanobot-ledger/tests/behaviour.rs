//! What every engine of the ledger must do.

use nanobot_channel::{InboundMessage, OutboundKind, OutboundMessage, Receipt};
use nanobot_ledger::{
    Accepted, InboundEntry, Ledger, MemoryLedger, MemoryLimits, OutboundEntry, Settlement,
    TurnCommit, new_id,
};

fn inbound(session: &str, text: &str) -> InboundEntry {
    InboundEntry {
        id: new_id(),
        channel: "webhook".into(),
        session: session.into(),
        received_ms: 1,
        message: InboundMessage::new("ada", session, text),
    }
}

fn outbound(delivery_id: &str) -> OutboundEntry {
    let message = OutboundMessage {
        delivery_id: delivery_id.into(),
        chat_id: "ada".into(),
        thread_id: None,
        text: "Hello!".into(),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: serde_json::Map::new(),
    };
    OutboundEntry {
        channel: "webhook".into(),
        message,
    }
}

async fn claimed_text(ledger: &dyn Ledger, session: &str) -> Option<String> {
    ledger
        .claim(session)
        .await
        .expect("claim")
        .map(|claim| claim.inbound.message.text)
}

#[tokio::test]
async fn messages_of_a_session_are_claimed_one_at_a_time_and_in_order() {
    let ledger = MemoryLedger::default();
    let first = inbound("a", "one");
    let commit = TurnCommit {
        inbound_id: first.id.clone(),
        session: "a".into(),
        history: vec!["{}".into()],
        outbound: Vec::new(),
    };
    ledger.accept(first).await.unwrap();
    ledger.accept(inbound("a", "two")).await.unwrap();
    ledger.accept(inbound("b", "other")).await.unwrap();
    assert_eq!(claimed_text(&ledger, "a").await.as_deref(), Some("one"));
    assert_eq!(
        claimed_text(&ledger, "a").await,
        None,
        "one is still being answered"
    );
    assert_eq!(claimed_text(&ledger, "b").await.as_deref(), Some("other"));
    ledger.commit_turn(commit).await.unwrap();
    let second = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!(
        (second.inbound.message.text.as_str(), second.history.len()),
        ("two", 1)
    );
}

#[tokio::test]
async fn an_event_id_is_accepted_once_for_each_channel() {
    let ledger = MemoryLedger::default();
    let entry = |channel: &str| InboundEntry {
        channel: channel.into(),
        message: InboundMessage::new("ada", "a", "hi").with_event_id("7"),
        ..inbound("a", "hi")
    };
    assert_eq!(
        ledger.accept(entry("webhook")).await.unwrap(),
        Accepted::New
    );
    assert_eq!(
        ledger.accept(entry("webhook")).await.unwrap(),
        Accepted::Duplicate
    );
    assert_eq!(
        ledger.accept(entry("telegram")).await.unwrap(),
        Accepted::New
    );
}

#[tokio::test]
async fn a_released_message_is_claimed_again_before_later_ones() {
    let ledger = MemoryLedger::default();
    ledger.accept(inbound("a", "one")).await.unwrap();
    ledger.accept(inbound("a", "two")).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.release("a").await.unwrap();
    let again = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!(
        (again.inbound.message.text.as_str(), again.attempt),
        ("one", 2)
    );
}

#[tokio::test]
async fn a_delivery_waits_until_it_is_settled() {
    let ledger = MemoryLedger::default();
    let entry = inbound("a", "one");
    let commit = TurnCommit {
        inbound_id: entry.id.clone(),
        session: "a".into(),
        history: Vec::new(),
        outbound: vec![outbound("d1"), outbound("d2")],
    };
    ledger.accept(entry).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.commit_turn(commit).await.unwrap();
    assert_eq!(
        ledger.waiting_deliveries().await.unwrap(),
        [outbound("d1"), outbound("d2")]
    );
    ledger
        .settle("d1", Settlement::Delivered(Receipt::default()))
        .await
        .unwrap();
    ledger
        .settle(
            "d2",
            Settlement::Dead {
                reason: "no such chat".into(),
            },
        )
        .await
        .unwrap();
    assert_eq!(ledger.waiting_deliveries().await.unwrap(), []);
}

#[tokio::test]
async fn a_full_backlog_is_refused_and_loses_nothing() {
    let limits = MemoryLimits {
        waiting_per_session: 2,
        waiting: 3,
        ..MemoryLimits::default()
    };
    let ledger = MemoryLedger::new(limits);
    for (session, expected) in [
        ("a", Accepted::New),
        ("a", Accepted::New),
        ("a", Accepted::Full),
        ("b", Accepted::New),
        ("c", Accepted::Full),
    ] {
        assert_eq!(
            ledger.accept(inbound(session, "hi")).await.unwrap(),
            expected,
            "{session}"
        );
    }
    let mut waiting = ledger.waiting_sessions().await.unwrap();
    waiting.sort();
    assert_eq!(waiting, ["a", "b"]);
}

#[tokio::test]
async fn a_refused_message_can_be_offered_again_with_its_event_id() {
    let limits = MemoryLimits {
        waiting: 1,
        ..MemoryLimits::default()
    };
    let ledger = MemoryLedger::new(limits);
    ledger.accept(inbound("a", "one")).await.unwrap();
    let mut second = inbound("a", "two");
    second.message.event_id = Some("2".into());
    assert_eq!(ledger.accept(second.clone()).await.unwrap(), Accepted::Full);
    ledger.claim("a").await.unwrap();
    assert_eq!(ledger.accept(second).await.unwrap(), Accepted::New);
}

#[tokio::test]
async fn the_session_used_longest_ago_is_forgotten_first_and_never_one_with_work() {
    let limits = MemoryLimits {
        sessions: 2,
        ..MemoryLimits::default()
    };
    let ledger = MemoryLedger::new(limits);
    let commit = |session: &str| TurnCommit {
        inbound_id: String::new(),
        session: session.into(),
        history: vec!["{}".into()],
        outbound: Vec::new(),
    };
    ledger.accept(inbound("busy", "hi")).await.unwrap();
    ledger.commit_turn(commit("old")).await.unwrap();
    ledger.commit_turn(commit("new")).await.unwrap();
    ledger.accept(inbound("old", "hi")).await.unwrap();
    assert_eq!(ledger.claim("old").await.unwrap().unwrap().history.len(), 0);
    assert_eq!(claimed_text(&ledger, "busy").await.as_deref(), Some("hi"));
}
