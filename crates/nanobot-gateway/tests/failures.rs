//! Whatever a model does, the person gets a message, on channels that stream and on those that do
//! not.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::{Call, Played, played, settings};
use nanobot_agent::{Agent, AgentSettings, ModelSettings, ProviderSettings};
use nanobot_gateway::{Gateway, GatewayOptions};
use nanobot_ledger::MemoryLedger;
use nanobot_test_support::{FakeModel, FakeReply, Step};

const LIST: (&str, &str) = ("list_dir", r#"{"path":"."}"#);

/// An agent at a fake model that waits at most this long for it.
fn agent(fake: &FakeModel, workspace: &Path, stall_timeout: Duration) -> Agent {
    let provider =
        ProviderSettings { api_base: Some(fake.base_url()), ..ProviderSettings::default() };
    let mut model = ModelSettings {
        model: Some("fake-model".into()),
        provider: "custom".into(),
        retry_step: Duration::from_millis(1),
        stall_timeout,
        ..ModelSettings::default()
    };
    model.providers.insert("custom".into(), provider);
    Agent::new(AgentSettings {
        model,
        workspace: workspace.to_owned(),
        max_tool_iterations: 3,
        ..AgentSettings::default()
    })
}

/// Takes calls until the one with the expected text, and checks that each stream ends once.
async fn until_told(channel: &mut Played, expected: &str) {
    let mut is_open = false;
    loop {
        let text = match channel.succeed().await {
            Call::Step { .. } => {
                is_open = true;
                continue;
            }
            // What is said at once ends in its first step.
            Call::End { text, .. } => {
                is_open = false;
                text
            }
            Call::Send { text, .. } => text,
            Call::Stopped => panic!("the gateway stopped before it said: {expected}"),
        };
        if text.contains(expected) {
            assert!(!is_open, "a stream did not end before: {text}");
            return;
        }
    }
}

/// Asks a model that answers like this, through both kinds of channels; all questions after those
/// are answered like the last one.
async fn check_patient(replies: &[FakeReply], expected: &str, patience: Duration) {
    for streams in [false, true] {
        let fake = FakeModel::start().await;
        replies.iter().for_each(|reply| fake.push(reply.clone()));
        fake.set_default(replies.last().expect("the model answers something").clone());
        let workspace = tempfile::tempdir().expect("a temporary directory");
        let (spec, mut channel) = played("hook", streams);
        let options = GatewayOptions {
            settings: settings(),
            channels: vec![spec],
            agent: Arc::new(agent(&fake, workspace.path(), patience)),
            ledger: Arc::new(MemoryLedger::default()),
            pages: Box::new(|_| axum::Router::new()),
        };
        let _gateway = Gateway::start(options).await.expect("the gateway starts");
        let started = channel.started().await;
        started.receive("c1", "look").await.expect("the message is taken");
        until_told(&mut channel, expected).await;
    }
}

async fn check(replies: &[FakeReply], expected: &str) {
    check_patient(replies, expected, ModelSettings::default().stall_timeout).await;
}

#[tokio::test]
async fn rounds_of_tools_end_in_an_answer() {
    let first = FakeReply::partial(["Let me look."]).then_calls([LIST]);
    check(&[first, FakeReply::text("Nothing there.")], "Nothing there.").await;
    let parallel = FakeReply::tool_calls([LIST, LIST, ("glob", r#"{"pattern":"*"}"#)]);
    check(&[parallel, FakeReply::text("Still nothing.")], "Still nothing.").await;
    let malformed = FakeReply::tool_calls([("glob", "{"), ("fly", "[]")]);
    check(&[malformed, FakeReply::text("I was confused.")], "I was confused.").await;
}

#[tokio::test]
async fn a_model_that_does_not_come_to_an_end_is_stopped_with_a_message() {
    check(&[FakeReply::tool_calls([LIST])], "maximum number of tool call iterations (3)").await;
    check(&[FakeReply::blank()], "without a word, twice").await;
}

#[tokio::test]
async fn refusals_of_the_provider_are_told() {
    let too_long = r#"{"error":{"code":"context_length_exceeded"}}"#;
    check(&[FakeReply::status(400, too_long)], "/new").await;
    let limited = FakeReply::status(429, "").retry_after("3600");
    check(&[limited], "limits how often it may be asked (status 429)").await;
    check(&[FakeReply::status(529, "")], "is overloaded or out of order (status 529)").await;
    check(&[FakeReply::status(401, "")], "did not accept the API key").await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_kept_and_told() {
    let cut = FakeReply::partial(["Half an ans"]).then(Step::Cut);
    check(&[cut], "Half an ans\n\nThe connection to").await;
    let error = FakeReply::partial(["Half an ans"])
        .then(Step::Event(serde_json::json!({"error": {"code": 500, "message": "no"}})));
    check(&[error], "Half an ans\n\n").await;
    let stalled = FakeReply::partial(["Half an ans"]).then(Step::Stall);
    check_patient(&[stalled], "has been silent for too long", Duration::from_millis(300)).await;
}
