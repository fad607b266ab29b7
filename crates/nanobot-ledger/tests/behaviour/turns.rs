use nanobot_channel::Receipt;
use nanobot_ledger::{DeliveryState, InboundState, Settlement, TurnCommit};

use crate::engine::Engine;
use crate::support::{answer, inbound, unasked, waiting};

pub(crate) async fn a_turn_that_is_committed_twice_counts_once(engine: Engine) {
    let ledger = engine.open().await;
    let entry = inbound("a", "one");
    ledger.accept(entry.clone()).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.commit_turn(answer(&entry, &["d1"])).await.unwrap();
    ledger.commit_turn(answer(&entry, &["d2"])).await.unwrap();
    assert_eq!(waiting(&*ledger).await, [("d1".to_owned(), false)]);
    assert_eq!(ledger.session("a").await.unwrap().unwrap().entries, 1);
}

pub(crate) async fn a_message_that_was_given_back_can_still_be_committed(engine: Engine) {
    let ledger = engine.open().await;
    let entry = inbound("a", "one");
    ledger.accept(entry.clone()).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.release("a").await.unwrap();
    ledger.commit_turn(answer(&entry, &[])).await.unwrap();
    assert_eq!(ledger.claim("a").await.unwrap(), None);
    assert!(ledger.waiting_sessions().await.unwrap().is_empty());
}

pub(crate) async fn a_turn_without_a_message_adds_to_the_session(engine: Engine) {
    let ledger = engine.open().await;
    let first = unasked("a", &["1", "2"], &["d1"]);
    ledger.commit_turn(first).await.unwrap();
    ledger.commit_turn(unasked("a", &["3"], &[])).await.unwrap();
    ledger.accept(inbound("a", "hi")).await.unwrap();
    let claim = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!(claim.history, ["1", "2", "3"]);
    let trace = ledger.trace("d1").await.unwrap().unwrap();
    assert_eq!((trace.inbound, trace.deliveries.len()), (None, 1));
}

pub(crate) async fn a_checkpoint_is_handed_out_with_the_message_until_it_is_done(engine: Engine) {
    let ledger = engine.open().await;
    let entry = inbound("a", "one");
    ledger.accept(entry.clone()).await.unwrap();
    assert_eq!(ledger.claim("a").await.unwrap().unwrap().checkpoint, None);
    for round in ["[1]", "[1,2]"] {
        ledger.checkpoint(&entry.id, round.into()).await.unwrap();
    }
    ledger.release("a").await.unwrap();
    let claim = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!(claim.checkpoint.as_deref(), Some("[1,2]"));
    ledger.commit_turn(answer(&entry, &[])).await.unwrap();
    ledger.checkpoint(&entry.id, "late".into()).await.unwrap();
    ledger.accept(inbound("a", "two")).await.unwrap();
    assert_eq!(ledger.claim("a").await.unwrap().unwrap().checkpoint, None);
}

pub(crate) async fn a_trace_tells_each_step_of_a_message(engine: Engine) {
    let ledger = engine.open().await;
    let entry = inbound("a", "one");
    ledger.accept(entry.clone()).await.unwrap();
    let state = async || {
        let trace = ledger.trace(&entry.id).await.unwrap().unwrap();
        let inbound = trace.inbound.unwrap();
        let deliveries: Vec<_> = trace.deliveries.iter().map(|it| it.state).collect();
        (inbound.state, inbound.attempts, deliveries)
    };
    assert_eq!(state().await, (InboundState::Waiting, 0, vec![]));
    ledger.claim("a").await.unwrap();
    assert_eq!(state().await, (InboundState::Claimed, 1, vec![]));
    ledger.commit_turn(answer(&entry, &["d1"])).await.unwrap();
    let waiting = vec![DeliveryState::Waiting];
    assert_eq!(state().await, (InboundState::Done, 1, waiting));
    ledger.begin_delivery("d1").await.unwrap();
    let under_way = vec![DeliveryState::UnderWay];
    assert_eq!(state().await, (InboundState::Done, 1, under_way));
    let receipt = Receipt::with_id("p1");
    let delivered = Settlement::Delivered(receipt.clone());
    ledger.settle("d1", delivered).await.unwrap();

    let trace = ledger.trace("d1").await.unwrap().unwrap();
    assert_eq!(trace, ledger.trace(&entry.id).await.unwrap().unwrap());
    let (inbound, delivery) = (trace.inbound.unwrap(), &trace.deliveries[0]);
    assert_eq!((inbound.received_ms, &delivery.receipt), (1, &Some(receipt)));
    let times = [
        Some(inbound.accepted_ms),
        inbound.claimed_ms,
        inbound.committed_ms,
        Some(delivery.created_ms),
        delivery.begun_ms,
        delivery.settled_ms,
    ];
    assert!(times.iter().all(Option::is_some) && times.is_sorted(), "{times:?}");
}

pub(crate) async fn a_trace_of_something_unknown_is_none(engine: Engine) {
    assert_eq!(engine.open().await.trace("nobody").await.unwrap(), None);
}

pub(crate) async fn a_turn_can_answer_messages_that_wait_behind_its_own(engine: Engine) {
    let ledger = engine.open().await;
    let [first, second, third] = ["one", "two", "three"].map(|text| inbound("a", text));
    for entry in [&first, &second, &third] {
        ledger.accept(entry.clone()).await.unwrap();
    }
    ledger.claim("a").await.unwrap();
    let waiting = ledger.waiting_in("a", 10).await.unwrap();
    assert_eq!(waiting, [second.clone(), third.clone()], "without the claimed one, in order");
    assert_eq!(ledger.waiting_in("a", 1).await.unwrap().len(), 1);
    let turn = TurnCommit { joined: vec![second.id.clone()], ..answer(&first, &["d1"]) };
    ledger.commit_turn(turn).await.unwrap();
    let state = ledger.trace(&second.id).await.unwrap().unwrap().inbound.unwrap().state;
    assert_eq!(state, InboundState::Done);
    assert_eq!(ledger.claim("a").await.unwrap().unwrap().inbound, third);
    assert!(ledger.waiting_in("a", 10).await.unwrap().is_empty());
}

pub(crate) async fn a_message_that_joined_a_turn_waits_until_the_turn_is_committed(engine: Engine) {
    let ledger = engine.open().await;
    let [first, second] = ["one", "two"].map(|text| inbound("a", text));
    ledger.accept(first.clone()).await.unwrap();
    ledger.accept(second.clone()).await.unwrap();
    ledger.claim("a").await.unwrap();
    assert_eq!(ledger.waiting_in("a", 10).await.unwrap().len(), 1);
    ledger.release("a").await.unwrap();
    let again = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!((again.inbound.id, again.attempt), (first.id.clone(), 2));
    assert_eq!(ledger.discard_waiting("a").await.unwrap(), 1);
    let turn = TurnCommit { joined: vec![second.id.clone()], ..answer(&first, &[]) };
    ledger.commit_turn(turn).await.unwrap();
    let state = ledger.trace(&second.id).await.unwrap().unwrap().inbound.unwrap().state;
    assert_eq!(state, InboundState::Discarded, "what was discarded stays so");
    assert_eq!(ledger.claim("a").await.unwrap(), None);
    assert!(ledger.waiting_sessions().await.unwrap().is_empty());
}
