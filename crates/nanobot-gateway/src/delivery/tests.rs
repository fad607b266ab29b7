use nanobot_channel::OutboundKind;
use nanobot_ledger::MemoryLedger;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::metrics::Metrics;
use crate::roster::Roster;
use crate::status::StatusBoard;

fn message(text: &str) -> Box<OutboundMessage> {
    Box::new(OutboundMessage {
        delivery_id: text.into(),
        chat_id: "c".into(),
        thread_id: None,
        text: text.into(),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: nanobot_channel::Metadata::new(),
    })
}

fn parcel(text: &str) -> Box<Parcel> {
    Box::new(Parcel { message: *message(text), is_unknown: false })
}

#[test]
fn in_a_full_lane_finals_take_the_place_of_progress_and_nothing_else() {
    let mut lane = Lane::default();
    for _ in 0..LANE_ITEMS - 1 {
        assert!(lane.push(Item::Durable(parcel("final"))).is_ok());
    }
    assert!(lane.push(Item::Ephemeral(message("progress"))).is_ok());
    assert!(lane.push(Item::Ephemeral(message("more progress"))).is_err());
    assert!(lane.push(Item::Durable(parcel("last"))).is_ok());
    assert!(lane.push(Item::Durable(parcel("too many"))).is_err());
    assert!(lane.items.iter().all(|it| matches!(it, Item::Durable(_))));
}

/// A delivery without any channel: everything waits.
fn without_channels(abort: &CancellationToken) -> Delivery {
    Delivery::new(Courier {
        roster: Arc::new(Roster::default()),
        board: Arc::new(StatusBoard::new()),
        ledger: Arc::new(MemoryLedger::default()),
        metrics: Arc::new(Metrics::new()),
        max_attempts: 3.into(),
        abort: abort.clone(),
    })
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_room_in_a_lane_goes_on_when_all_waiting_ends() {
    let abort = CancellationToken::new();
    let delivery = without_channels(&abort);
    let entry = || OutboundEntry { channel: "away".into(), message: *message("final") };
    let mut callers = tokio::task::JoinSet::new();
    // One is being delivered, a lane's worth waits in the lane, and three for a place in it.
    for _ in 0..=LANE_ITEMS + 3 {
        let (delivery, entry) = (delivery.clone(), entry());
        callers.spawn(async move { delivery.enqueue(entry).await });
    }
    for _ in 0..=LANE_ITEMS {
        callers.join_next().await.expect("a caller").expect("it ends in order");
    }
    abort.cancel();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), callers.join_all()).await;
    assert_eq!(ended.expect("nobody waits any more").len(), 3);
    delivery.drained().await;
}
