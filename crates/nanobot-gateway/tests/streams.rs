//! Streams: which steps a channel sees, and how each of them ends.

mod common;

use std::time::Duration;

use common::{Call, FAIL, PANIC, Played, Question, Stage, Started, USE_TOOL, played, send};
use nanobot_channel::{ChannelError, ErrorKind, InboundMessage, StreamEnd, StreamOutcome};
use nanobot_gateway::status::State;

const COMPLETE: StreamEnd = StreamEnd { outcome: StreamOutcome::Complete, continues: false };

fn step(piece: &str, text: &str) -> Call {
    Call::Step { chat: "c1".into(), piece: piece.into(), text: text.into() }
}

fn end(text: &str, end: StreamEnd) -> Call {
    Call::End { chat: "c1".into(), text: text.into(), end }
}

fn ended(outcome: StreamOutcome) -> StreamEnd {
    StreamEnd { outcome, continues: false }
}

/// A streaming channel that was asked something, and the model that is asked.
async fn asked() -> (Stage, Played, Started, Question) {
    let (spec, mut hook) = played("hook", true);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = hook.started().await;
    channel.receive("c1", "Hello?").await.expect("the message is taken");
    let question = stage.question().await;
    (stage, hook, channel, question)
}

/// What the channel is called with from now on, until nothing more happens for an hour.
async fn all_calls(hook: &mut Played) -> Vec<Call> {
    let mut calls = Vec::new();
    while let Ok(Some(pending)) =
        tokio::time::timeout(Duration::from_secs(3_600), hook.calls.recv()).await
    {
        calls.push(pending.succeed());
    }
    calls
}

/// The one end that a stream is to have.
#[track_caller]
fn only_end(calls: &[Call]) -> (&str, StreamEnd) {
    let ends = calls.iter().filter_map(|call| match call {
        Call::End { text, end, .. } => Some((text.as_str(), *end)),
        _ => None,
    });
    let ends: Vec<_> = ends.collect();
    assert_eq!(ends.len(), 1, "{calls:?}");
    ends[0]
}

#[tokio::test(start_paused = true)]
async fn a_chat_has_one_open_stream_and_its_threads_never_mix() {
    let (spec, mut hook) = played("hook", true);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = hook.started().await;
    let mut questions = Vec::new();
    for thread in ["t1", "t2"] {
        let message = InboundMessage::new("ada", "c1", thread);
        let message = InboundMessage { thread_id: Some(thread.into()), ..message };
        channel.cx.handle_message(message).await.unwrap();
        questions.push(stage.question().await);
    }
    for piece in ["a", "b", "c"] {
        questions[0].say(&piece.to_uppercase()).await;
        questions[1].say(piece).await;
        for question in &questions {
            question.all_taken().await;
        }
    }
    // The second thread is done before the first, and still has to wait for it.
    questions.pop();
    assert!(matches!(hook.succeed().await, Call::Step { text, .. } if text.starts_with('A')));
    tokio::time::sleep(Duration::from_secs(10)).await;
    questions.pop();
    let calls = all_calls(&mut hook).await;
    let first_end = calls.iter().position(|call| *call == end("ABC", COMPLETE)).unwrap();
    assert_eq!(calls.last(), Some(&end("abc", COMPLETE)));
    let is_lower = |call: &Call| match call {
        Call::Step { text, .. } | Call::End { text, .. } => text.chars().all(char::is_lowercase),
        other => panic!("no such call: {other:?}"),
    };
    assert!(calls[..=first_end].iter().all(|call| !is_lower(call)), "{calls:?}");
    assert!(calls[first_end + 1..].iter().all(is_lower), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn chats_stream_at_the_same_time() {
    let (spec, mut hook) = played("hook", true);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = hook.started().await;
    let mut open = Vec::new();
    for chat in ["c1", "c2", "c3"] {
        channel.receive(chat, "hi").await.unwrap();
        let question = stage.question().await;
        question.say(chat).await;
        open.push((question, hook.call().await));
    }
    let called: Vec<_> = open.iter().map(|(_, pending)| pending.call.clone()).collect();
    let expected = ["c1", "c2", "c3"].map(|chat| Call::Step {
        chat: chat.into(),
        piece: chat.into(),
        text: chat.into(),
    });
    assert_eq!(called, expected, "none waits for the others");
}

#[tokio::test(start_paused = true)]
async fn a_step_is_not_begun_before_the_one_before_is_answered() {
    let (_stage, mut hook, _channel, question) = asked().await;
    question.say("a").await;
    let busy = hook.call().await;
    question.say("b").await;
    question.all_taken().await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(hook.calls.try_recv().is_err(), "the window of one step is full");
    busy.succeed();
    assert_eq!(hook.succeed().await, step("b", "ab"));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limited_step_is_waited_for_and_what_it_told_is_told_again() {
    let (_stage, mut hook, _channel, question) = asked().await;
    question.say("a").await;
    let limited = ChannelError::new(ErrorKind::RateLimited, "slow down");
    let limited = limited.with_retry_after(Duration::from_secs(7));
    hook.call().await.answer(Err(limited));
    question.say("b").await;
    question.all_taken().await;
    tokio::time::sleep(Duration::from_millis(6_900)).await;
    assert!(hook.calls.try_recv().is_err(), "the platform asked to wait");
    assert_eq!(hook.succeed().await, step("ab", "ab"));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_the_network_lost_is_joined_with_the_next_and_the_second_lost_is_the_last() {
    let (_stage, mut hook, _channel, question) = asked().await;
    question.say("a").await;
    hook.call().await.answer(Err(ChannelError::network("connection reset")));
    question.say("b").await;
    assert_eq!(hook.succeed().await, step("ab", "ab"));
    for piece in ["c", "d"] {
        question.say(piece).await;
        let lost = hook.call().await;
        assert!(matches!(lost.call, Call::Step { .. }));
        lost.answer(Err(ChannelError::network("connection reset")));
    }
    question.say("e").await;
    drop(question);
    assert_eq!(all_calls(&mut hook).await, [end("abcde", COMPLETE)]);
}

#[tokio::test(start_paused = true)]
async fn after_a_step_failed_for_good_only_the_end_is_told_and_it_has_the_whole_text() {
    for kind in [ErrorKind::Internal, ErrorKind::Unsupported, ErrorKind::Rejected, ErrorKind::Auth]
    {
        let (_stage, mut hook, _channel, question) = asked().await;
        question.say("Hel").await;
        hook.call().await.answer(Err(ChannelError::new(kind, "no")));
        question.say("lo").await;
        drop(question);
        assert_eq!(all_calls(&mut hook).await, [end("Hello", COMPLETE)], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_complete_stream_ends_once() {
    let (_stage, mut hook, _channel, question) = asked().await;
    question.say("Hello").await;
    drop(question);
    assert_eq!(only_end(&all_calls(&mut hook).await), ("Hello", COMPLETE));
}

#[tokio::test(start_paused = true)]
async fn a_segment_before_a_tool_ends_once_and_so_does_the_one_after_it() {
    let (mut stage, mut hook, _channel, question) = asked().await;
    question.say("Let me look.").await;
    question.say(USE_TOOL).await;
    stage.answer("Done.").await;
    let calls = all_calls(&mut hook).await;
    let ends: Vec<_> = calls.iter().filter(|call| matches!(call, Call::End { .. })).collect();
    let before = StreamEnd { continues: true, ..COMPLETE };
    assert_eq!(ends, [&end("Let me look.", before), &end("Done.", COMPLETE)]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_stream_ends_once_and_as_interrupted() {
    let (_stage, mut hook, channel, question) = asked().await;
    question.say("Once upon").await;
    question.all_taken().await;
    channel.receive("c1", "/stop").await.unwrap();
    let calls = all_calls(&mut hook).await;
    assert_eq!(only_end(&calls), ("Once upon", ended(StreamOutcome::Interrupted)));
    assert_eq!(calls.last(), Some(&send("c1", "Stopped 1 task.", 1)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_provider_fails_ends_once_with_what_was_said_and_a_notice() {
    let (_stage, mut hook, _channel, question) = asked().await;
    question.say("Half of").await;
    question.say(FAIL).await;
    let calls = all_calls(&mut hook).await;
    let (text, how) = only_end(&calls);
    assert!(text.starts_with("Half of\n\n") && text.contains("no such model"), "{text}");
    assert_eq!(how, ended(StreamOutcome::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_turn_panics_ends_once_with_what_was_said_and_a_notice() {
    let (_stage, mut hook, _channel, question) = asked().await;
    question.say("Half of").await;
    question.say(PANIC).await;
    let calls = all_calls(&mut hook).await;
    let (text, how) = only_end(&calls);
    assert!(text.starts_with("Half of\n\nSorry, something went wrong inside"), "{text}");
    assert_eq!(how, ended(StreamOutcome::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_channel_crashes_ends_once_and_is_repaired_by_the_whole_text() {
    let (stage, mut hook, channel, question) = asked().await;
    question.say("Hel").await;
    let under_way = hook.call().await;
    channel.end(Err(ChannelError::internal("killed")));
    stage.gateway.status().wait_for("hook", State::Retrying).await;
    let gone = || ChannelError::new(ErrorKind::NotReady, "the plugin is not running");
    under_way.answer(Err(gone()));
    question.say("lo").await;
    drop(question);
    let ending = hook.call().await;
    assert_eq!(ending.call, end("Hello", COMPLETE));
    ending.answer(Err(gone()));
    let _again = hook.started().await;
    assert_eq!(all_calls(&mut hook).await, [send("c1", "Hello", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_a_shutdown_cuts_ends_once_and_as_interrupted() {
    let (stage, mut hook, _channel, question) = asked().await;
    question.say("Once upon").await;
    question.all_taken().await;
    let abort = stage.gateway.abort_handle();
    let stopping = tokio::spawn(stage.gateway.shutdown());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let calls = tokio::spawn(async move { all_calls(&mut hook).await });
    tokio::time::sleep(Duration::from_secs(10)).await;
    abort.cancel();
    stopping.await.unwrap();
    let calls = calls.await.unwrap();
    assert_eq!(only_end(&calls), ("Once upon", ended(StreamOutcome::Interrupted)));
    assert_eq!(calls.last(), Some(&Call::Stopped));
}

#[tokio::test(start_paused = true)]
async fn under_pressure_progress_and_tool_hints_are_left_out_and_no_answer_is() {
    let (spec, mut hook) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = hook.started().await;
    channel.receive("c1", "first").await.unwrap();
    stage.answer("stuck").await;
    let stuck = hook.call().await;
    // Two for each round: what is said before the tool, and a line about it.
    channel.receive("c1", "second").await.unwrap();
    for _ in 0..80 {
        let question = stage.question().await;
        question.say("Looking.").await;
        question.say(USE_TOOL).await;
    }
    stage.answer("found").await;
    let finals: Vec<String> = (0..99).map(|number| format!("answer {number}")).collect();
    for text in &finals {
        channel.receive("c1", "more").await.unwrap();
        stage.answer(text).await;
    }
    channel.receive("c1", "last").await.unwrap();
    stage.question().await.say("last").await;
    stuck.succeed();
    let calls = all_calls(&mut hook).await;
    let expected: Vec<Call> = std::iter::once("found")
        .chain(finals.iter().map(String::as_str))
        .chain(["last"])
        .map(|text| send("c1", text, 1))
        .collect();
    assert_eq!(calls, expected, "all progress gave way to answers, in their order");
}
