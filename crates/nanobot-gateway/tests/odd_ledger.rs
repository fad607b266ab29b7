//! A ledger that takes its time, or fails for a moment.

mod common;
#[path = "common/odd_ledger.rs"]
mod odd_ledger;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use common::{Played, Stage, Started, played, send, settings};
use nanobot_channel::Acceptance;
use odd_ledger::OddLedger;

async fn stage() -> (Stage, Played, Arc<Started>, Arc<OddLedger>) {
    let ledger = Arc::new(OddLedger::default());
    let (spec, mut channel) = played("hook", false);
    let stage = Stage::with(vec![spec], settings(), Arc::clone(&ledger) as _).await;
    let started = Arc::new(channel.started().await);
    (stage, channel, started, ledger)
}

#[tokio::test]
async fn message_that_the_ledger_could_not_give_is_answered_although_no_other_comes() {
    let (mut stage, mut channel, started, ledger) = stage().await;
    ledger.failing_claims.store(1, Ordering::Relaxed);
    started.receive("c1", "one").await.expect("the message is taken");
    assert!(stage.answer("1").await.ends_with("one"));
    assert_eq!(channel.succeed().await, send("c1", "1", 1));
}

#[tokio::test]
async fn who_writes_while_an_answer_is_being_stored_is_not_told_to_wait() {
    let (mut stage, mut channel, started, ledger) = stage().await;
    started.receive("c1", "one").await.expect("the message is taken");
    ledger.commits.close();
    stage.answer("1").await;
    ledger.commits.holds_one().await;
    started.receive("c1", "two").await.expect("the message is taken");
    ledger.commits.open();
    assert_eq!(channel.succeed().await, send("c1", "1", 1));
    assert!(stage.answer("2").await.ends_with("two"));
    assert_eq!(channel.succeed().await, send("c1", "2", 1));
}

#[tokio::test]
async fn who_was_answered_while_the_next_message_is_being_stored_is_not_told_to_wait() {
    let (mut stage, mut channel, started, ledger) = stage().await;
    started.receive("c1", "one").await.expect("the message is taken");
    let first = stage.question().await;
    ledger.accepts.close();
    let receiving = tokio::spawn({
        let started = Arc::clone(&started);
        async move { started.receive("c1", "two").await }
    });
    ledger.accepts.holds_one().await;
    first.say("1").await;
    drop(first);
    assert_eq!(channel.succeed().await, send("c1", "1", 1));
    ledger.accepts.open();
    let taken = receiving.await.expect("it does not panic").expect("the message is taken");
    assert_eq!(taken, Acceptance::Accepted);
    assert!(stage.answer("2").await.ends_with("two"));
    assert_eq!(channel.succeed().await, send("c1", "2", 1));
}
