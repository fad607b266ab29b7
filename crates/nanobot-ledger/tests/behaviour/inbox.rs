use nanobot_ledger::{Accepted, InboundEntry, InboundState};

use crate::engine::Engine;
use crate::support::{answer, claimed_text, event, inbound};

pub(crate) async fn messages_of_a_session_are_claimed_one_at_a_time_and_in_order(engine: Engine) {
    let ledger = engine.open().await;
    let first = inbound("a", "one");
    let commit = answer(&first, &[]);
    ledger.accept(first).await.unwrap();
    ledger.accept(inbound("a", "two")).await.unwrap();
    ledger.accept(inbound("b", "other")).await.unwrap();
    assert_eq!(claimed_text(&*ledger, "a").await.as_deref(), Some("one"));
    assert_eq!(claimed_text(&*ledger, "a").await, None, "one is still being answered");
    assert_eq!(claimed_text(&*ledger, "b").await.as_deref(), Some("other"));
    ledger.commit_turn(commit).await.unwrap();
    let second = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!((second.inbound.message.text.as_str(), second.history.len()), ("two", 1));
}

pub(crate) async fn an_event_id_is_accepted_once_for_each_channel(engine: Engine) {
    let ledger = engine.open().await;
    for (channel, expected) in
        [("webhook", Accepted::New), ("webhook", Accepted::Duplicate), ("telegram", Accepted::New)]
    {
        let accepted = ledger.accept(event(channel, "7")).await.unwrap();
        assert_eq!(accepted, expected, "{channel}");
    }
}

pub(crate) async fn an_event_id_is_known_after_its_message_is_done(engine: Engine) {
    let ledger = engine.open().await;
    let entry = event("webhook", "7");
    ledger.accept(entry.clone()).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.commit_turn(answer(&entry, &[])).await.unwrap();
    let accepted = ledger.accept(event("webhook", "7")).await.unwrap();
    assert_eq!(accepted, Accepted::Duplicate);
}

pub(crate) async fn a_released_message_is_claimed_again_before_later_ones(engine: Engine) {
    let ledger = engine.open().await;
    ledger.accept(inbound("a", "one")).await.unwrap();
    ledger.accept(inbound("a", "two")).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.release("a").await.unwrap();
    let again = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!((again.inbound.message.text.as_str(), again.attempt), ("one", 2));
}

pub(crate) async fn a_full_backlog_is_refused_and_loses_nothing(engine: Engine) {
    let ledger = engine.open_with(2, 3).await;
    for (session, expected) in [
        ("a", Accepted::New),
        ("a", Accepted::New),
        ("a", Accepted::Full),
        ("b", Accepted::New),
        ("c", Accepted::Full),
    ] {
        let accepted = ledger.accept(inbound(session, "hi")).await.unwrap();
        assert_eq!(accepted, expected, "{session}");
    }
    let mut waiting = ledger.waiting_sessions().await.unwrap();
    waiting.sort();
    assert_eq!(waiting, ["a", "b"]);
}

pub(crate) async fn a_refused_message_can_be_offered_again_with_its_event_id(engine: Engine) {
    let ledger = engine.open_with(1_000, 1).await;
    ledger.accept(inbound("a", "one")).await.unwrap();
    let second = event("webhook", "2");
    assert_eq!(ledger.accept(second.clone()).await.unwrap(), Accepted::Full);
    ledger.claim("a").await.unwrap();
    assert_eq!(ledger.accept(second).await.unwrap(), Accepted::New);
}

pub(crate) async fn room_is_made_by_claiming_and_taken_again_by_releasing(engine: Engine) {
    let ledger = engine.open_with(1, 10).await;
    ledger.accept(inbound("a", "one")).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.release("a").await.unwrap();
    let accepted = ledger.accept(inbound("a", "two")).await.unwrap();
    assert_eq!(accepted, Accepted::Full);
}

pub(crate) async fn a_session_waits_until_its_last_message_is_claimed(engine: Engine) {
    let ledger = engine.open().await;
    ledger.accept(inbound("a", "one")).await.unwrap();
    ledger.accept(inbound("a", "two")).await.unwrap();
    let claim = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!(ledger.waiting_sessions().await.unwrap(), ["a"]);
    ledger.commit_turn(answer(&claim.inbound, &[])).await.unwrap();
    ledger.claim("a").await.unwrap();
    assert!(ledger.waiting_sessions().await.unwrap().is_empty());
}

pub(crate) async fn waiting_messages_can_be_discarded_but_not_the_claimed_one(engine: Engine) {
    let ledger = engine.open_with(3, 3).await;
    let entries = ["one", "two", "three"].map(|text| inbound("a", text));
    for entry in &entries {
        ledger.accept(entry.clone()).await.unwrap();
    }
    ledger.claim("a").await.unwrap();
    assert_eq!(ledger.discard_waiting("a").await.unwrap(), 2);
    assert_eq!(ledger.discard_waiting("b").await.unwrap(), 0);
    let states = async |entry: &InboundEntry| {
        let trace = ledger.trace(&entry.id).await.unwrap().unwrap();
        trace.inbound.unwrap().state
    };
    assert_eq!(states(&entries[0]).await, InboundState::Claimed);
    assert_eq!(states(&entries[2]).await, InboundState::Discarded);
    ledger.commit_turn(answer(&entries[0], &[])).await.unwrap();
    assert_eq!(ledger.claim("a").await.unwrap(), None);
    for _ in 0..3 {
        let accepted = ledger.accept(inbound("a", "new")).await.unwrap();
        assert_eq!(accepted, Accepted::New);
    }
}

pub(crate) async fn a_claim_carries_the_message_as_it_was_accepted(engine: Engine) {
    let ledger = engine.open().await;
    let entry = InboundEntry {
        received_ms: 1_234,
        message: event("webhook", "7")
            .message
            .with_metadata("order", serde_json::json!({"z": 1, "a": [null, "\u{0}"]})),
        ..inbound("a", "hi")
    };
    ledger.accept(entry.clone()).await.unwrap();
    let claim = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!(claim.inbound, entry);
}

pub(crate) async fn messages_without_an_answer_are_listed_oldest_first(engine: Engine) {
    let ledger = engine.open().await;
    let entries = [inbound("a", "one"), inbound("b", "two"), inbound("a", "three")];
    for entry in &entries {
        ledger.accept(entry.clone()).await.unwrap();
    }
    ledger.claim("a").await.unwrap();
    let listed = async |limit| {
        let records = ledger.unanswered(limit).await.unwrap();
        records.into_iter().map(|it| (it.id, it.state)).collect::<Vec<_>>()
    };
    let [one, two, three] = entries.clone().map(|it| it.id);
    let waiting = InboundState::Waiting;
    let all = [(one, InboundState::Claimed), (two, waiting), (three, waiting)];
    assert_eq!(listed(10).await, all);
    assert_eq!(listed(2).await, all[..2]);
    ledger.commit_turn(answer(&entries[0], &[])).await.unwrap();
    assert_eq!(listed(10).await, all[1..]);
}
