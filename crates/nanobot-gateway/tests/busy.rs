//! Messages that come while a turn of their session runs.

mod common;

use std::sync::Arc;

use common::{Call, Played, Stage, USE_TOOL, played, send, settings};
use nanobot_agent::Role;
use nanobot_channel::InboundMessage;
use nanobot_gateway::{ChannelSpec, Settings};
use nanobot_ledger::{InboundState, Ledger, MemoryLedger};

const WAITS: &str = "I am still busy with the message before; this one waits its turn.";

async fn steered(spec: ChannelSpec, ledger: &Arc<MemoryLedger>) -> Stage {
    let settings = Settings { steers: true, ..settings() };
    Stage::with(vec![spec], settings, Arc::clone(ledger) as _).await
}

async fn skip_hint(played: &mut Played) {
    assert!(matches!(played.succeed().await, Call::Send { text, .. } if text.contains("probe")));
}

#[tokio::test]
async fn a_message_that_has_to_wait_is_told_so_once_and_gets_an_answer_of_its_own() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "one").await.unwrap();
    let first = stage.question().await;
    channel.receive("c1", "two").await.unwrap();
    assert_eq!(played.succeed().await, send("c1", WAITS, 1));
    channel.receive("c1", "three").await.unwrap();
    first.say("1").await;
    drop(first);
    assert_eq!(played.succeed().await, send("c1", "1", 1));
    for (question, answer) in [("two", "2"), ("three", "3")] {
        assert!(stage.answer(answer).await.ends_with(question));
        assert_eq!(played.succeed().await, send("c1", answer, 1));
    }
}

#[tokio::test]
async fn a_channel_that_hears_no_progress_is_not_told_that_a_message_waits() {
    let (mut spec, mut played) = played("hook", false);
    spec.send_progress = false;
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "one").await.unwrap();
    let first = stage.question().await;
    channel.receive("c1", "two").await.unwrap();
    first.say("1").await;
    drop(first);
    assert_eq!(played.succeed().await, send("c1", "1", 1));
}

#[tokio::test]
async fn a_message_joins_the_running_turn_after_its_tools_and_is_answered_with_it() {
    let ledger = Arc::new(MemoryLedger::default());
    let (spec, mut played) = played("hook", false);
    let mut stage = steered(spec, &ledger).await;
    let channel = played.started().await;
    channel.receive("c1", "Count apples").await.unwrap();
    let question = stage.question().await;
    let pears = InboundMessage::new("ada", "c1", "Pears, I mean").with_event_id("e2");
    channel.cx.handle_message(pears).await.unwrap();
    let id = ledger.unanswered(2).await.unwrap()[1].id.clone();
    question.say(USE_TOOL).await;
    skip_hint(&mut played).await;
    let question = stage.question().await;
    assert_eq!(question.rounds.last(), Some(&(Role::User, "Pears, I mean".to_owned())));
    question.say("One pear.").await;
    drop(question);
    assert_eq!(played.succeed().await, send("c1", "One pear.", 1));
    let joined = ledger.trace(&id).await.unwrap().unwrap().inbound.unwrap();
    assert_eq!(joined.state, InboundState::Done);
    channel.receive("c1", "Next").await.unwrap();
    assert!(stage.answer("!").await.ends_with("Next"), "the pears have no turn of their own");
}

#[tokio::test]
async fn what_cannot_join_a_turn_waits_and_what_stands_behind_it_waits_as_well() {
    let ledger = Arc::new(MemoryLedger::default());
    let (spec, mut played) = played("hook", false);
    let mut stage = steered(spec, &ledger).await;
    let channel = played.started().await;
    channel.receive("c1", "one").await.unwrap();
    let question = stage.question().await;
    for text in ["/new", "three"] {
        channel.receive("c1", text).await.unwrap();
    }
    question.say(USE_TOOL).await;
    skip_hint(&mut played).await;
    let question = stage.question().await;
    assert_eq!(question.rounds.len(), 2, "only the round: {:?}", question.rounds);
    question.say("1").await;
    drop(question);
    assert_eq!(played.succeed().await, send("c1", "1", 1));
    assert_eq!(played.succeed().await, send("c1", "New session started.", 1));
    assert!(stage.answer("3").await.ends_with("three"));
}

#[tokio::test]
async fn a_turn_that_was_cut_off_still_answers_what_had_joined_it_and_only_once() {
    let ledger = Arc::new(MemoryLedger::default());
    let (spec, mut before) = played("hook", false);
    let mut stage = steered(spec, &ledger).await;
    let channel = before.started().await;
    channel.receive("c1", "Count apples").await.unwrap();
    let question = stage.question().await;
    channel.receive("c1", "Pears, I mean").await.unwrap();
    question.say(USE_TOOL).await;
    let _cut_off = stage.question().await;
    let abort = stage.gateway.abort_handle();
    tokio::spawn(async move { while before.calls.recv().await.is_some() {} });
    let stopping = tokio::spawn(stage.gateway.shutdown());
    abort.cancel();
    stopping.await.unwrap();

    // Also where messages do not join turns any more.
    let (spec, mut after) = played("hook", false);
    let mut stage = Stage::with(vec![spec], settings(), Arc::clone(&ledger) as _).await;
    let _channel = after.started().await;
    let question = stage.question().await;
    assert_eq!(question.rounds.last(), Some(&(Role::User, "Pears, I mean".to_owned())));
    question.say("One pear.").await;
    drop(question);
    assert_eq!(after.succeed().await, send("c1", "One pear.", 1));
    stage.gateway.shutdown().await;
    assert!(ledger.unanswered(10).await.unwrap().is_empty());
}
