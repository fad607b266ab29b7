//! Models that answer in the place of others, against a fake model over real HTTP.

mod support;

use nanobot_agent::{Agent, AgentSettings, ProviderSettings, Turn};
use nanobot_test_support::{FakeModel, FakeReply, RecordedRequest, Step};
use serde_json::json;
use support::{run, settings, turn};

/// Two models: `fake-model`, and `groq/other-model`.
fn two_models(fake: &FakeModel) -> AgentSettings {
    let mut settings = settings(fake);
    let other = ProviderSettings {
        api_key: Some("key".to_owned().into()),
        api_base: Some(fake.base_url()),
        ..ProviderSettings::default()
    };
    settings.model.providers.insert("groq".to_owned(), other);
    settings.model.fallback_models = vec!["groq/other-model".to_owned()];
    settings
}

#[tokio::test]
async fn the_model_that_a_session_has_chosen_is_asked_first_and_the_others_when_it_fails() {
    let fake = FakeModel::start().await;
    let agent = Agent::new(two_models(&fake));
    assert_eq!(agent.models(), ["fake-model", "groq/other-model"]);
    let chosen = || Turn { model: Some("groq/other-model".to_owned()), ..turn("hello") };
    run(&agent, chosen()).await;
    assert_eq!(fake.last_request().model(), "other-model");
    fake.push(FakeReply::status(401, ""));
    let (_, ears) = run(&agent, chosen()).await;
    assert_eq!(ears.progress(), ["other-model did not answer; asking fake-model instead."]);
    run(&agent, Turn { model: Some("gone".to_owned()), ..turn("hello") }).await;
    assert_eq!(fake.last_request().model(), "fake-model");
}

#[tokio::test]
async fn another_model_answers_when_the_first_one_does_not() {
    let fake = FakeModel::start().await;
    let settings = two_models(&fake);
    fake.push(FakeReply::status(401, ""));
    fake.push(FakeReply::text("From the other"));
    let agent = Agent::new(settings);
    let (outcome, ears) = run(&agent, turn("hello")).await;
    assert_eq!(outcome.reply, "From the other");
    assert_eq!(ears.progress(), ["fake-model did not answer; asking other-model instead."]);
    assert_eq!(fake.last_request().model(), "other-model");
    fake.set_default(FakeReply::status(402, ""));
    let (outcome, _) = run(&agent, turn("hello")).await;
    assert!(outcome.reply.starts_with("The account at Groq has no credit"), "{}", outcome.reply);
}

#[tokio::test]
async fn another_model_is_asked_after_the_retries_and_stays_for_the_turn() {
    let fake = FakeModel::start().await;
    let workspace = tempfile::tempdir().expect("a temporary directory");
    let mut settings = settings(&fake);
    settings.workspace = workspace.path().to_owned();
    let other = ProviderSettings {
        api_key: Some("key".to_owned().into()),
        api_base: Some(fake.base_url()),
        ..ProviderSettings::default()
    };
    settings.model.providers.insert("groq".to_owned(), other);
    settings.model.fallback_models = vec!["groq/other-model".to_owned()];
    for _ in 0..4 {
        fake.push(FakeReply::status(503, ""));
    }
    fake.push(FakeReply::tool_call("glob", &json!({"pattern": "*"})));
    fake.push(FakeReply::text("Nothing there."));
    let agent = Agent::new(settings);
    let (outcome, _) = run(&agent, turn("look")).await;
    assert_eq!(outcome.reply, "Nothing there.");
    assert_eq!(outcome.model.as_deref(), Some("groq/other-model"));
    let requests = fake.requests();
    let asked: Vec<&str> = requests.iter().map(RecordedRequest::model).collect();
    let (first, other) = ("fake-model", "other-model");
    assert_eq!(asked, [first, first, first, first, other, other]);
    // The next turn begins with the configured model again.
    let (outcome, _) = run(&agent, turn("hello")).await;
    assert_eq!(outcome.model.as_deref(), Some(first));
}

#[tokio::test]
async fn a_model_that_was_heard_is_not_replaced() {
    let fake = FakeModel::start().await;
    let mut settings = settings(&fake);
    settings.model.fallback_models = vec!["offline".to_owned()];
    fake.push(FakeReply::partial(["Half an ans"]).then(Step::Cut));
    let (outcome, _) = run(&Agent::new(settings), turn("hello")).await;
    assert!(outcome.reply.starts_with("Half an ans\n\nThe connection"), "{}", outcome.reply);
    assert_eq!((outcome.model, fake.request_count()), (None, 1));
}
