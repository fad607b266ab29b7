//! Commands that a person must agree to.
#![cfg(unix)]

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use common::{Call, Played, Stage, Started, played, send, settings};
use nanobot_agent::{AgentSettings, CommandSandbox, ToolSettings};
use nanobot_channel::{Acceptance, InboundMessage};
use nanobot_gateway::ChannelSpec;
use nanobot_ledger::{Ledger, MemoryLedger};
use serde_json::json;
use tempfile::TempDir;

const QUESTION: &str = "May I run this command?\n```\ntouch done\n```\nAnswer yes or no.";

/// A gateway whose agent asks before each command, and has just been asked to run one.
struct House {
    workspace: TempDir,
    ledger: Arc<MemoryLedger>,
}

impl House {
    fn new() -> Self {
        Self {
            workspace: tempfile::tempdir().expect("a folder"),
            ledger: Arc::new(MemoryLedger::default()),
        }
    }

    async fn stage(&self, streams: bool) -> (Stage, Played, Started) {
        let mut tools =
            ToolSettings { sandbox: CommandSandbox::Unconfined, ..ToolSettings::default() };
        tools.config.exec.approval = nanobot_config::ExecApproval::Always;
        let agent = AgentSettings {
            workspace: self.workspace.path().into(),
            tools,
            ..AgentSettings::default()
        };
        let (spec, mut played) = played("hook", streams);
        let spec = ChannelSpec {
            allow_from: vec!["*".into()],
            // Nobody is told that messages wait.
            send_progress: false,
            ..spec
        };
        let ledger: Arc<dyn Ledger> = Arc::clone(&self.ledger) as _;
        let stage = Stage::with_agent(vec![spec], settings(), ledger, agent).await;
        let channel = played.started().await;
        (stage, played, channel)
    }

    fn done(&self) -> PathBuf {
        self.workspace.path().join("done")
    }
}

async fn call_exec(stage: &mut Stage) {
    stage.question().await.call("exec", &json!({"command": "touch done"})).await;
}

/// Takes the line about the tool, then the question.
async fn asked(played: &mut Played) {
    assert!(matches!(played.succeed().await, Call::Send { text, .. } if text.contains("touch")));
    assert_eq!(played.succeed().await, send("c1", QUESTION, 1));
}

#[tokio::test]
async fn a_command_is_run_once_the_person_says_yes() {
    let house = House::new();
    let (mut stage, mut played, channel) = house.stage(false).await;
    channel.receive("c1", "Do it").await.unwrap();
    call_exec(&mut stage).await;
    asked(&mut played).await;
    assert!(!house.done().exists());
    channel.receive("c1", "Yes!").await.unwrap();
    assert!(stage.question().await.result().contains("Exit code: 0"));
    assert!(house.done().exists());
}

#[tokio::test]
async fn a_command_is_not_run_if_the_person_says_no_and_the_model_hears_of_it() {
    let house = House::new();
    let (mut stage, mut played, channel) = house.stage(false).await;
    channel.receive("c1", "Do it").await.unwrap();
    call_exec(&mut stage).await;
    asked(&mut played).await;
    channel.receive("c1", "no").await.unwrap();
    let question = stage.question().await;
    assert!(question.result().contains("did not agree"), "{}", question.result());
    question.say("Left alone.").await;
    drop(question);
    assert_eq!(played.succeed().await, send("c1", "Left alone.", 1));
    assert!(!house.done().exists());
    assert!(house.ledger.unanswered(10).await.unwrap().is_empty(), "the no needs no answer");
}

#[tokio::test]
async fn only_the_person_who_was_asked_decides_and_other_words_wait_their_turn() {
    let house = House::new();
    let (mut stage, mut played, channel) = house.stage(false).await;
    channel.receive("c1", "Do it").await.unwrap();
    call_exec(&mut stage).await;
    asked(&mut played).await;
    channel.cx.handle_message(InboundMessage::new("bob", "c1", "yes")).await.unwrap();
    channel.receive("c1", "What does it do?").await.unwrap();
    assert!(!house.done().exists());
    channel.receive("c1", "no").await.unwrap();
    stage.answer("Left alone.").await;
    assert!(stage.answer("?").await.ends_with("yes"), "that of Bob");
    assert!(stage.answer("It makes a file.").await.ends_with("What does it do?"));
    assert!(!house.done().exists());
}

#[tokio::test]
async fn an_answer_that_comes_twice_answers_one_question() {
    let house = House::new();
    let (mut stage, mut played, channel) = house.stage(false).await;
    channel.receive("c1", "Do it").await.unwrap();
    call_exec(&mut stage).await;
    asked(&mut played).await;
    let yes = InboundMessage::new("ada", "c1", "yes").with_event_id("e2");
    assert_eq!(channel.cx.handle_message(yes.clone()).await.unwrap(), Acceptance::Accepted);
    stage.question().await.call("exec", &json!({"command": "touch done"})).await;
    asked(&mut played).await;
    assert_eq!(channel.cx.handle_message(yes).await.unwrap(), Acceptance::Duplicate);
    channel.receive("c1", "no").await.unwrap();
    assert!(stage.question().await.result().contains("did not agree"));
}

#[tokio::test]
async fn stop_takes_the_question_back() {
    let house = House::new();
    let (mut stage, mut played, channel) = house.stage(false).await;
    channel.receive("c1", "Do it").await.unwrap();
    call_exec(&mut stage).await;
    asked(&mut played).await;
    channel.receive("c1", "/stop").await.unwrap();
    assert_eq!(played.succeed().await, send("c1", "Stopped 1 task.", 1));
    channel.receive("c1", "yes").await.unwrap();
    assert!(stage.answer("Yes to what?").await.ends_with("yes"));
    assert!(!house.done().exists());
}

#[tokio::test]
async fn the_segment_of_a_stream_ends_before_the_question() {
    let house = House::new();
    let (mut stage, mut played, channel) = house.stage(true).await;
    channel.receive("c1", "Do it").await.unwrap();
    let question = stage.question().await;
    question.say("I will.").await;
    assert!(matches!(played.succeed().await, Call::Step { text, .. } if text == "I will."));
    question.call("exec", &json!({"command": "touch done"})).await;
    assert!(matches!(played.succeed().await, Call::End { end, .. } if end.continues));
    asked(&mut played).await;
    channel.receive("c1", "ok").await.unwrap();
    let question = stage.question().await;
    question.say("Done.").await;
    assert!(matches!(played.succeed().await, Call::Step { text, .. } if text == "Done."));
    drop(question);
    assert!(matches!(played.succeed().await, Call::End { end, .. } if !end.continues));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_an_answer_and_the_question_is_asked_again_after_it() {
    let house = House::new();
    let (mut stage, mut played, channel) = house.stage(false).await;
    channel.receive("c1", "Do it").await.unwrap();
    call_exec(&mut stage).await;
    asked(&mut played).await;
    let stopping = tokio::spawn(stage.gateway.shutdown());
    assert_eq!(played.succeed().await, Call::Stopped);
    stopping.await.unwrap();
    assert_eq!(house.ledger.waiting_sessions().await.unwrap(), ["hook:c1"]);

    let (mut stage, mut played, channel) = house.stage(false).await;
    call_exec(&mut stage).await;
    asked(&mut played).await;
    channel.receive("c1", "yes").await.unwrap();
    assert!(stage.question().await.result().contains("Exit code: 0"));
}
