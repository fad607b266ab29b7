//! Turns that use tools, as a channel and the ledger see them.

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use common::{Call, Stage, USE_TOOL, played, send, settings};
use nanobot_channel::{StreamEnd, StreamOutcome};
use nanobot_ledger::{Ledger, MemoryLedger};

fn end(text: &str, continues: bool) -> Call {
    let end = StreamEnd { outcome: StreamOutcome::Complete, continues };
    Call::End { chat: "c1".into(), text: text.into(), end }
}

fn step(text: &str) -> Call {
    Call::Step { chat: "c1".into(), piece: text.into(), text: text.into() }
}

#[tokio::test]
async fn each_segment_of_a_streamed_turn_ends_once_and_the_tool_is_told_between() {
    let (spec, mut played) = played("hook", true);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Count").await.unwrap();
    let question = stage.question().await;
    question.say("Let me look.").await;
    assert_eq!(played.succeed().await, step("Let me look."));
    question.say(USE_TOOL).await;
    assert_eq!(played.succeed().await, end("Let me look.", true));
    assert!(matches!(played.succeed().await, Call::Send { text, .. } if text.contains("probe")));
    let question = stage.question().await;
    question.say("One.").await;
    assert_eq!(played.succeed().await, step("One."));
    drop(question);
    assert_eq!(played.succeed().await, end("One.", false));
}

#[tokio::test]
async fn without_streaming_what_is_said_before_a_tool_is_progress_and_the_answer_comes_alone() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Count").await.unwrap();
    let question = stage.question().await;
    question.say("Let me look.").await;
    question.say(USE_TOOL).await;
    assert_eq!(played.succeed().await, send("c1", "Let me look.", 1));
    assert!(matches!(played.succeed().await, Call::Send { text, .. } if text.contains("probe")));
    stage.answer("One.").await;
    assert_eq!(played.succeed().await, send("c1", "One.", 1));
}

#[tokio::test]
async fn a_turn_that_was_cut_off_goes_on_without_using_its_tools_again() {
    let ledger = Arc::new(MemoryLedger::default());
    let (spec, mut before) = played("hook", false);
    let mut stage = Stage::with(vec![spec], settings(), ledger.clone()).await;
    let channel = before.started().await;
    channel.receive("c1", "Count").await.unwrap();
    stage.question().await.say(USE_TOOL).await;
    let unfinished = stage.question().await;
    assert_eq!(stage.tool_uses.load(Ordering::Relaxed), 1);
    let abort = stage.gateway.abort_handle();
    // Progress may wait for its answer; nothing of it is kept.
    tokio::spawn(async move { while before.calls.recv().await.is_some() {} });
    let stopping = tokio::spawn(stage.gateway.shutdown());
    abort.cancel();
    stopping.await.unwrap();
    drop(unfinished);
    assert_eq!(ledger.waiting_sessions().await.unwrap(), ["hook:c1"]);

    let (spec, mut after) = played("hook", false);
    let mut stage = Stage::with(vec![spec], settings(), ledger).await;
    let _channel = after.started().await;
    stage.answer("One.").await;
    assert_eq!(after.succeed().await, send("c1", "One.", 1));
    assert_eq!(stage.tool_uses.load(Ordering::Relaxed), 0, "the tool's work was kept");
}
