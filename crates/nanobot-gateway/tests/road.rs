//! A message from a channel to the model and back.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Call, Stage, played, send, settings};
use nanobot_channel::{
    Acceptance, ChannelError, ErrorKind, InboundMessage, StreamEnd, StreamOutcome,
};
use nanobot_gateway::status::State;
use nanobot_gateway::{OnUnknown, Settings};
use nanobot_ledger::{DeliveryFilter, DeliveryState, Ledger, MemoryLedger};

const COMPLETE: StreamEnd = StreamEnd { outcome: StreamOutcome::Complete, continues: false };

fn end(chat: &str, text: &str) -> Call {
    Call::End { chat: chat.into(), text: text.into(), end: COMPLETE }
}

#[tokio::test]
async fn a_message_is_answered_in_its_chat_and_the_session_remembers_it() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    assert_eq!(channel.receive("c1", "Hello?").await.unwrap(), Acceptance::Accepted);
    assert!(stage.answer("Hello!").await.contains("Hello?"));
    assert_eq!(played.succeed().await, send("c1", "Hello!", 1));
    channel.receive("c1", "Again?").await.unwrap();
    let question = stage.question().await;
    assert_eq!(question.history, 2, "the first question and its answer");
    channel.receive("c2", "Other chat").await.unwrap();
    assert_eq!(stage.question().await.history, 0);
}

#[tokio::test]
async fn only_senders_on_the_allow_list_are_answered() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    let stranger = InboundMessage::new("mallory", "c1", "Hello?");
    assert_eq!(channel.cx.handle_message(stranger.clone()).await.unwrap(), Acceptance::Denied);
    assert!(!channel.cx.is_allowed(stranger.sender).await.unwrap());
    channel.receive("c1", "It is me").await.unwrap();
    assert!(stage.question().await.text.contains("It is me"), "the stranger was never heard");
}

#[tokio::test]
async fn the_same_event_is_answered_once() {
    let (spec, mut played) = played("hook", false);
    let _stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    let message = InboundMessage::new("ada", "c1", "Hi").with_event_id("e1");
    assert_eq!(channel.cx.handle_message(message.clone()).await.unwrap(), Acceptance::Accepted);
    assert_eq!(channel.cx.handle_message(message).await.unwrap(), Acceptance::Duplicate);
}

#[tokio::test]
async fn messages_of_one_chat_are_answered_in_order_and_chats_at_the_same_time() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    for (chat, text) in [("c1", "one"), ("c1", "two"), ("c2", "other")] {
        channel.receive(chat, text).await.unwrap();
    }
    let (first, other) = (stage.question().await, stage.question().await);
    let mut texts = [first.text.as_str(), other.text.as_str()].map(|it| it.lines().last().unwrap());
    texts.sort_unstable();
    assert_eq!(texts, ["one", "other"], "two waits for one");
    for question in [first, other] {
        question.say("ok").await;
    }
    assert!(stage.question().await.text.ends_with("two"));
}

#[tokio::test]
async fn no_more_turns_run_at_once_than_the_cap_allows() {
    let (spec, mut played) = played("hook", false);
    let settings = Settings { max_concurrent_turns: 2, ..settings() };
    let mut stage = Stage::with(vec![spec], settings, Arc::new(MemoryLedger::default())).await;
    let channel = played.started().await;
    for chat in ["c1", "c2", "c3"] {
        channel.receive(chat, "hi").await.unwrap();
    }
    let (first, _second) = (stage.question().await, stage.question().await);
    assert!(stage.questions.try_recv().is_err());
    drop(first);
    stage.question().await;
}

#[tokio::test]
async fn text_is_streamed_as_it_comes_and_joined_while_the_channel_is_busy() {
    let (spec, mut played) = played("hook", true);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Hello?").await.unwrap();
    let question = stage.question().await;
    question.say("Hel").await;
    let busy = played.call().await;
    let step = |piece: &str, text: &str| Call::Step {
        chat: "c1".into(),
        piece: piece.into(),
        text: text.into(),
    };
    assert_eq!(busy.call, step("Hel", "Hel"));
    for piece in ["lo", ", ", "Ada"] {
        question.say(piece).await;
    }
    question.all_taken().await;
    busy.succeed();
    assert_eq!(played.succeed().await, step("lo, Ada", "Hello, Ada"));
    drop(question);
    assert_eq!(played.succeed().await, end("c1", "Hello, Ada"));
}

#[tokio::test]
async fn a_stream_whose_end_fails_is_repaired_by_the_whole_text() {
    let (spec, mut played) = played("hook", true);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Hello?").await.unwrap();
    let question = stage.question().await;
    question.say("Hello!").await;
    let step = played.call().await;
    assert!(matches!(step.call, Call::Step { .. }));
    drop(question);
    step.answer(Err(ChannelError::network("failed to edit")));
    let last = played.call().await;
    assert_eq!(last.call, end("c1", "Hello!"));
    last.answer(Err(ChannelError::network("failed to edit")));
    assert_eq!(played.succeed().await, send("c1", "Hello!", 1));
}

#[tokio::test(start_paused = true)]
async fn a_failed_delivery_is_tried_again_and_then_given_up() {
    let (spec, mut played) = played("hook", false);
    let ledger = Arc::new(MemoryLedger::default());
    let mut stage = Stage::with(vec![spec], settings(), ledger.clone()).await;
    let channel = played.started().await;
    channel.receive("c1", "Hello?").await.unwrap();
    stage.answer("Hello!").await;
    for attempt in 1..=3 {
        let call = played.call().await;
        assert_eq!(call.call, send("c1", "Hello!", attempt));
        assert_eq!(ledger.waiting_deliveries().await.unwrap().len(), 1);
        call.answer(Err(ChannelError::internal("a bug")));
    }
    channel.receive("c1", "Still there?").await.unwrap();
    stage.answer("Yes.").await;
    assert_eq!(played.succeed().await, send("c1", "Yes.", 1));
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_waits_holds_up_no_other_chat_and_no_other_channel() {
    let ((spec, mut slow), (other_spec, mut other)) =
        (played("slow", false), played("other", false));
    let mut stage = Stage::new(vec![spec, other_spec]).await;
    let (channel, other_channel) = (slow.started().await, other.started().await);
    channel.receive("stuck", "hi").await.unwrap();
    stage.answer("never arrives").await;
    let stuck = slow.call().await;
    channel.receive("c2", "hi").await.unwrap();
    stage.answer("two").await;
    assert_eq!(slow.succeed().await, send("c2", "two", 1));
    other_channel.receive("c3", "hi").await.unwrap();
    stage.answer("three").await;
    assert_eq!(other.succeed().await, send("c3", "three", 1));
    drop(stuck);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_waited_for_and_does_not_count_as_a_try() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Hello?").await.unwrap();
    stage.answer("Hello!").await;
    for _ in 0..5 {
        let limited = ChannelError::new(ErrorKind::RateLimited, "slow down")
            .with_retry_after(Duration::from_secs(30));
        let before = tokio::time::Instant::now();
        played.call().await.answer(Err(limited));
        tokio::time::sleep(Duration::from_secs(29)).await;
        assert!(played.calls.try_recv().is_err(), "asked again after {:?}", before.elapsed());
    }
    assert_eq!(played.succeed().await, send("c1", "Hello!", 6));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_waits_for_a_channel_that_is_down_and_goes_out_when_it_is_back() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Hello?").await.unwrap();
    let question = stage.question().await;
    channel.end(Err(ChannelError::internal("crashed")));
    stage.gateway.status().wait_for("hook", State::Retrying).await;
    question.say("Hello!").await;
    drop(question);
    let channel = played.started().await;
    channel.cx.connected();
    assert!(matches!(played.succeed().await, Call::Send { .. }));
    let report = &stage.gateway.status().snapshot()["hook"];
    assert_eq!((report.restarts, report.last_error.as_deref()), (1, Some("crashed")));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_panics_tells_the_person_and_the_session_goes_on() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "PANIC IN TURN").await.unwrap();
    let Call::Send { text, .. } = played.succeed().await else { panic!("a notice is sent") };
    assert!(text.starts_with("Sorry, something went wrong inside nanobot"), "{text}");
    channel.receive("c1", "Still there?").await.unwrap();
    stage.answer("Yes.").await;
    assert_eq!(played.succeed().await, send("c1", "Yes.", 1));
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_panics_in_a_delivery_harms_nobody() {
    let (mut spec, mut played) = played("hook", false);
    spec.send_progress = false;
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "hi").await.unwrap();
    stage.answer("PANIC IN SEND").await;
    channel.receive("c1", "hi").await.unwrap();
    stage.answer("fine").await;
    assert_eq!(played.succeed().await, send("c1", "fine", 1));
}

#[tokio::test]
async fn a_shutdown_lets_running_turns_finish_and_then_stops_the_channels() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Hello?").await.unwrap();
    let question = stage.question().await;
    let gateway = stage.gateway;
    let stopping = tokio::spawn(gateway.shutdown());
    question.say("Hello!").await;
    drop(question);
    assert_eq!(played.succeed().await, send("c1", "Hello!", 1));
    assert_eq!(played.call().await.call, Call::Stopped);
    stopping.await.unwrap();
    let error = channel.receive("c1", "too late").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_outlasts_the_grace_ends_its_stream_and_waits_in_the_ledger() {
    let (spec, mut played) = played("hook", true);
    let ledger = Arc::new(MemoryLedger::default());
    let mut stage = Stage::with(vec![spec], settings(), ledger.clone()).await;
    let channel = played.started().await;
    channel.receive("c1", "Hello?").await.unwrap();
    let question = stage.question().await;
    question.say("Hel").await;
    assert!(matches!(played.succeed().await, Call::Step { .. }));
    let stopping = tokio::spawn(stage.gateway.shutdown());
    let interrupted = StreamEnd { outcome: StreamOutcome::Interrupted, continues: false };
    let expected = Call::End { chat: "c1".into(), text: "Hel".into(), end: interrupted };
    assert_eq!(played.succeed().await, expected);
    assert_eq!(played.call().await.call, Call::Stopped);
    stopping.await.unwrap();
    assert_eq!(ledger.waiting_sessions().await.unwrap(), ["hook:c1"]);
    assert_eq!(ledger.claim("hook:c1").await.unwrap().unwrap().attempt, 2);
}

#[tokio::test]
async fn what_a_ledger_holds_is_taken_up_at_the_start() {
    let ledger = Arc::new(MemoryLedger::default());
    let entry = nanobot_ledger::InboundEntry {
        id: nanobot_ledger::new_id(),
        channel: "hook".into(),
        session: "hook:c1".into(),
        received_ms: 1,
        message: InboundMessage::new("ada", "c1", "left over"),
    };
    ledger.accept(entry).await.unwrap();
    let (spec, _played) = played("hook", false);
    let mut stage = Stage::with(vec![spec], settings(), ledger).await;
    assert!(stage.question().await.text.ends_with("left over"));
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let agent = nanobot_agent::Agent::new(nanobot_agent::AgentSettings::default());
    let options = nanobot_gateway::GatewayOptions {
        settings: Settings { port, ..settings() },
        channels: Vec::new(),
        agent: Arc::new(agent),
        ledger: Arc::new(MemoryLedger::default()),
        pages: Box::new(|_| axum::Router::new()),
    };
    let error = nanobot_gateway::Gateway::start(options).await.err().unwrap();
    assert_eq!(error.to_string(), format!("cannot listen on 127.0.0.1:{port}"));
}

#[tokio::test(start_paused = true)]
async fn a_restarted_channel_stops_in_order_and_starts_at_once() {
    let (spec, mut played) = played("hook", false);
    let stage = Stage::new(vec![spec]).await;
    let _first = played.started().await;
    assert!(stage.gateway.restart_channel("hook"));
    assert_eq!(played.call().await.call, Call::Stopped);
    let before = tokio::time::Instant::now();
    let _second = played.started().await;
    assert!(before.elapsed() < Duration::from_millis(100));
    assert!(!stage.gateway.restart_channel("moon"));
}

#[tokio::test]
async fn stop_ends_the_running_answer_and_keeps_what_was_said() {
    let (spec, mut played) = played("hook", true);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Tell me a long story").await.unwrap();
    let question = stage.question().await;
    question.say("Once upon").await;
    assert!(matches!(played.succeed().await, Call::Step { .. }));
    assert_eq!(channel.receive("c1", " /STOP ").await.unwrap(), Acceptance::Accepted);
    let interrupted = StreamEnd { outcome: StreamOutcome::Interrupted, continues: false };
    let expected = Call::End { chat: "c1".into(), text: "Once upon".into(), end: interrupted };
    assert_eq!(played.succeed().await, expected);
    assert_eq!(played.succeed().await, send("c1", "Stopped 1 task.", 1));
    channel.receive("c1", "And then?").await.unwrap();
    assert_eq!(stage.question().await.history, 2, "what was said is remembered");
}

#[tokio::test]
async fn stop_forgets_the_messages_that_wait() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    for text in ["one", "two", "three"] {
        channel.receive("c1", text).await.unwrap();
    }
    let question = stage.question().await;
    channel.receive("c1", "/stop").await.unwrap();
    assert_eq!(played.succeed().await, send("c1", "Stopped 3 tasks.", 1));
    drop(question);
    channel.receive("c1", "four").await.unwrap();
    assert!(stage.question().await.text.ends_with("four"));
}

#[tokio::test]
async fn new_forgets_the_conversation_in_its_turn() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    for text in ["one", "/new", "two"] {
        channel.receive("c1", text).await.unwrap();
    }
    stage.answer("first").await;
    assert_eq!(played.succeed().await, send("c1", "first", 1));
    assert_eq!(played.succeed().await, send("c1", "New session started.", 1));
    assert_eq!(stage.question().await.history, 0);
}

#[tokio::test]
async fn status_and_help_answer_while_the_session_is_busy() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "hi").await.unwrap();
    let _busy = stage.question().await;
    for (command, expected) in [("/status", "an answer is being written"), ("/help", "`/stop`")] {
        channel.receive("c1", command).await.unwrap();
        let Call::Send { text, .. } = played.succeed().await else { panic!("an answer is sent") };
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn status_tells_what_the_last_answer_and_the_session_used() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    for _ in 0..2 {
        channel.receive("c1", "hi").await.unwrap();
        stage.answer("Hello!").await;
        assert_eq!(played.succeed().await, send("c1", "Hello!", 1));
    }
    for (chat, expected) in [
        ("c1", "- All 2 answers: 20 tokens in (8 cached), 4 out"),
        ("c1", "- Last answer: played, 10 tokens in (4 cached), 2 out, "),
        ("c2", "- This session: idle"),
    ] {
        channel.receive(chat, "/status").await.unwrap();
        let Call::Send { text, .. } = played.succeed().await else { panic!("an answer is sent") };
        assert!(text.contains(expected), "{text}");
        assert_eq!(text.contains("Last answer"), chat == "c1", "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_of_unknown_outcome_is_marked_or_held_as_configured() {
    for on_unknown in [OnUnknown::Resend, OnUnknown::Hold] {
        let (mut spec, mut played) = played("hook", false);
        (spec.deduplicates, spec.on_unknown) = (false, on_unknown);
        let ledger = Arc::new(MemoryLedger::default());
        let mut stage = Stage::with(vec![spec], settings(), ledger.clone()).await;
        let channel = played.started().await;
        channel.receive("c1", "hi").await.unwrap();
        stage.answer("Hello!").await;
        played.call().await.answer(Err(ChannelError::network("no answer")));
        match on_unknown {
            OnUnknown::Resend => {
                let again = played.call().await;
                assert!(again.is_marked_as_possible_duplicate);
                again.succeed();
            }
            OnUnknown::Hold => loop {
                let held = ledger.deliveries(DeliveryFilter::of([DeliveryState::Held])).await;
                if held.unwrap().len() == 1 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            },
        }
    }
}

/// Asks the control port, and gives the status code and the body.
async fn get(stage: &Stage, path: &str) -> (u16, String) {
    common::get(stage.gateway.address(), path).await
}

#[tokio::test]
async fn the_port_tells_a_living_gateway_from_a_ready_one() {
    let (spec, mut played) = played("hook", false);
    let stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    assert_eq!(get(&stage, "/health").await, (200, r#"{"status":"ok"}"#.to_owned()));
    let (code, body) = get(&stage, "/health/ready").await;
    assert_eq!((code, body.contains(r#""not_connected":["hook"]"#)), (503, true), "{body}");
    channel.cx.connected();
    assert_eq!(get(&stage, "/health/ready").await.0, 200);
}

#[tokio::test]
async fn the_metrics_count_messages_turns_and_deliveries() {
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    let stranger = InboundMessage::new("mallory", "c1", "Hello?");
    channel.cx.handle_message(stranger).await.unwrap();
    for text in ["one", "two"] {
        channel.receive("c1", text).await.unwrap();
        stage.answer("fine").await;
        played.succeed().await;
    }
    // The second turn has ended when the third is asked.
    channel.receive("c1", "three").await.unwrap();
    let _question = stage.question().await;
    let (code, body) = get(&stage, "/metrics").await;
    assert_eq!(code, 200);
    for line in [
        r#"nanobot_messages_total{channel="hook",outcome="denied"} 1"#,
        r#"nanobot_messages_total{channel="hook",outcome="accepted"} 3"#,
        r#"nanobot_turns_total{kind="complete"} 2"#,
        r#"nanobot_deliveries_total{channel="hook",outcome="delivered"}"#,
        "nanobot_turns_running 1",
        r#"nanobot_turn_seconds_count{channel="hook",model="played"} 2"#,
        r#"nanobot_tokens_total{channel="hook",model="played",kind="input"} 20"#,
        r#"nanobot_tokens_total{channel="hook",model="played",kind="cached"} 8"#,
        r#"nanobot_tokens_total{channel="hook",model="played",kind="output"} 4"#,
    ] {
        assert!(body.contains(line), "{line} is missing in:\n{body}");
    }
}
