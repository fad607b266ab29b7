//! Messages that the agent sends with a tool.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{Call, Played, Question, Stage, played, send, settings};
use nanobot_agent::AgentSettings;
use nanobot_channel::{InboundMessage, Location};
use nanobot_gateway::ChannelSpec;
use nanobot_ledger::{HistoryPage, Ledger, MemoryLedger};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A gateway whose agent has a workspace with a picture in it.
struct House {
    workspace: TempDir,
    ledger: Arc<MemoryLedger>,
}

impl House {
    fn new() -> Self {
        let workspace = tempfile::tempdir().expect("a folder");
        std::fs::write(workspace.path().join("cat.png"), "a picture").expect("a file");
        Self { workspace, ledger: Arc::new(MemoryLedger::default()) }
    }

    async fn stage(&self, channels: Vec<ChannelSpec>) -> Stage {
        let agent =
            AgentSettings { workspace: self.workspace.path().into(), ..AgentSettings::default() };
        let ledger: Arc<dyn Ledger> = Arc::clone(&self.ledger) as _;
        Stage::with_agent(channels, settings(), ledger, agent).await
    }

    async fn history(&self, session: &str) -> Vec<Value> {
        let page = HistoryPage { from: 0, limit: 100 };
        let entries = self.ledger.session_history(session, page).await.expect("a history");
        entries.iter().map(|entry| serde_json::from_str(entry).expect("JSON")).collect()
    }
}

/// Takes the line about the tool that is used.
async fn skip_hint(played: &mut Played) {
    assert!(matches!(played.succeed().await, Call::Send { text, .. } if text.contains("message")));
}

async fn ask_for_message(stage: &mut Stage, arguments: &Value) -> Question {
    stage.question().await.call("message", arguments).await;
    stage.question().await
}

#[tokio::test]
async fn a_file_goes_to_the_chat_and_thread_that_asked_and_the_answer_is_not_said_twice() {
    let house = House::new();
    let (spec, mut played) = played("hook", true);
    let mut stage = house.stage(vec![spec]).await;
    let channel = played.started().await;
    let message = InboundMessage {
        thread_id: Some("t1".into()),
        ..InboundMessage::new("ada", "c1", "A cat, please").with_metadata("message_id", "m1")
    };
    channel.cx.handle_message(message).await.unwrap();
    let sent = json!({"content": "Here it is.", "media": ["cat.png"]});
    let question = ask_for_message(&mut stage, &sent).await;
    skip_hint(&mut played).await;
    let pending = played.call().await;
    let message = pending.message.clone().expect("a message");
    assert_eq!(pending.succeed(), send("c1", "Here it is.", 1));
    assert_eq!(
        (message.thread_id.as_deref(), &message.metadata["message_id"]),
        (Some("t1"), &json!("m1"))
    );
    let cat = house.workspace.path().canonicalize().unwrap().join("cat.png");
    assert_eq!(message.attachments[0].location, Location::Path(cat));
    question.say("I have sent you the cat.").await;
    drop(question);
    // Nothing of it reaches the chat: the next call is about the next message.
    channel.receive("c1", "Thanks").await.unwrap();
    let question = stage.question().await;
    question.say("Welcome.").await;
    assert!(matches!(played.succeed().await, Call::Step { text, .. } if text == "Welcome."));
    let history = house.history("hook:c1:t1").await;
    assert_eq!(history.last().unwrap()["content"], "I have sent you the cat.");
}

#[tokio::test]
async fn what_is_said_after_more_work_is_an_answer_of_its_own() {
    let house = House::new();
    let (spec, mut played) = played("hook", false);
    let mut stage = house.stage(vec![spec]).await;
    let channel = played.started().await;
    channel.receive("c1", "Count").await.unwrap();
    let question = ask_for_message(&mut stage, &json!({"content": "This takes a while."})).await;
    skip_hint(&mut played).await;
    assert_eq!(played.succeed().await, send("c1", "This takes a while.", 1));
    question.say(common::USE_TOOL).await;
    assert!(matches!(played.succeed().await, Call::Send { text, .. } if text.contains("probe")));
    stage.answer("One.").await;
    assert_eq!(played.succeed().await, send("c1", "One.", 1));
}

#[tokio::test]
async fn a_message_to_another_chat_carries_nothing_of_this_one_and_is_remembered_there() {
    let house = House::new();
    let ((here, mut near), (there, mut far)) = (played("hook", false), played("post", false));
    let mut stage = house.stage(vec![here, there]).await;
    let (channel, _other) = (near.started().await, far.started().await);
    let message = InboundMessage::new("ada", "c1", "Tell Bob").with_metadata("message_id", "m1");
    channel.cx.handle_message(message).await.unwrap();
    let sent = json!({"content": "Tea at four", "channel": "post", "chat_id": "bob"});
    let question = ask_for_message(&mut stage, &sent).await;
    assert_eq!(question.result(), "Sent to post:bob.");
    let pending = far.call().await;
    let message = pending.message.clone().expect("a message");
    assert_eq!(pending.succeed(), send("bob", "Tea at four", 1));
    assert!(message.metadata.is_empty() && message.thread_id.is_none());
    question.say("Told him.").await;
    drop(question);
    skip_hint(&mut near).await;
    assert_eq!(near.succeed().await, send("c1", "Told him.", 1));
    let remembered = house.history("post:bob").await;
    assert_eq!(
        (&remembered[0]["role"], &remembered[0]["content"]),
        (&json!("assistant"), &json!("Tea at four"))
    );
}

#[tokio::test]
async fn a_channel_that_is_not_there_or_not_running_is_told_to_the_model() {
    let house = House::new();
    let ((here, mut near), (there, mut far)) = (played("hook", false), played("post", false));
    let mut stage = house.stage(vec![here, there]).await;
    let (channel, other) = (near.started().await, far.started().await);
    other.end(Err(nanobot_channel::ChannelError::auth("the token was revoked")));
    let state = nanobot_gateway::status::State::LoginRequired;
    stage.gateway.status().wait_for("post", state).await;
    channel.receive("c1", "Tell Bob").await.unwrap();
    let to = |channel: &str| json!({"content": "x", "channel": channel, "chat_id": "bob"});
    let question = ask_for_message(&mut stage, &to("pigeon")).await;
    assert_eq!(question.result(), "Error: there is no channel `pigeon`; there are: hook, post");
    question.call("message", &to("post")).await;
    let question = stage.question().await;
    let expected = "Error: nothing was sent, because the channel `post` needs a login";
    assert_eq!(question.result(), expected);
    assert!(house.ledger.waiting_deliveries().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_turn_that_is_run_again_sends_nothing_twice() {
    let house = House::new();
    let sent = json!({"content": "Once", "media": [Path::new("cat.png")]});
    let (spec, mut before) = played("hook", false);
    let mut stage = house.stage(vec![spec]).await;
    before.started().await.receive("c1", "A cat, please").await.unwrap();
    let _cut_off = ask_for_message(&mut stage, &sent).await;
    skip_hint(&mut before).await;
    assert_eq!(before.succeed().await, send("c1", "Once", 1));
    // As if the crash had come before the checkpoint of the round.
    let inbound = house.ledger.unanswered(1).await.unwrap().remove(0);
    house.ledger.checkpoint(&inbound.id, "[]".into()).await.unwrap();
    let abort = stage.gateway.abort_handle();
    tokio::spawn(async move { while before.calls.recv().await.is_some() {} });
    let stopping = tokio::spawn(stage.gateway.shutdown());
    abort.cancel();
    stopping.await.unwrap();

    let (spec, mut after) = played("hook", false);
    let mut stage = house.stage(vec![spec]).await;
    let channel = after.started().await;
    let question = ask_for_message(&mut stage, &sent).await;
    assert!(question.result().contains("before an interruption"), "{}", question.result());
    skip_hint(&mut after).await;
    drop(question);
    channel.receive("c1", "Thanks").await.unwrap();
    stage.answer("Welcome.").await;
    assert_eq!(after.succeed().await, send("c1", "Welcome.", 1));
}
