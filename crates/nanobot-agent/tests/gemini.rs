//! Turns with a model behind the protocol of Gemini, against a fake model over real HTTP.

mod support;

use nanobot_agent::{Agent, AgentSettings, Ending, ProviderSettings};
use nanobot_test_support::{FakeModel, FakeModelOptions, FakeReply, Step};
use serde_json::json;
use support::{run, settings, turn, turn_after};

fn gemini(fake: &FakeModel, model: &str) -> AgentSettings {
    let mut settings = settings(fake);
    settings.model.provider = "auto".to_owned();
    settings.model.model = Some(format!("gemini/{model}"));
    let provider = ProviderSettings {
        api_key: Some("AIza-test-key".to_owned().into()),
        api_base: Some(fake.root_url()),
        ..ProviderSettings::default()
    };
    settings.model.providers.insert("gemini".to_owned(), provider);
    settings
}

#[tokio::test]
async fn tools_thoughts_and_signatures_go_round_and_usage_is_counted() {
    let fake = FakeModel::start().await;
    let workspace = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(workspace.path().join("a.txt"), "tea").expect("the file is written");
    let mut settings = gemini(&fake, "gemini-3-pro-preview");
    settings.workspace = workspace.path().to_owned();
    settings.model.reasoning_effort = Some("low".to_owned());
    let calls = [("glob", r#"{"pattern":"*.txt"}"#), ("fly", "{}")];
    let thought = Step::Reasoning("I should look".to_owned());
    let first = FakeReply::Stream(vec![thought, Step::Text("Looking.".to_owned())]);
    fake.push(first.then_calls(calls));
    let end = json!({
        "candidates": [{"content": {"parts": [{"text": "a.txt."}]}, "finishReason": "STOP"}],
        "usageMetadata": {
            "promptTokenCount": 30, "cachedContentTokenCount": 20, "candidatesTokenCount": 5,
            "thoughtsTokenCount": 2,
        },
    });
    fake.push(FakeReply::partial(["There is "]).then(Step::Event(end)));
    let (outcome, ears) = run(&Agent::new(settings.clone()), turn("what is there?")).await;
    assert_eq!((outcome.reply.as_str(), outcome.ending), ("There is a.txt.", Ending::Complete));
    assert_eq!(ears.pieces(), ["Looking.", "There is ", "a.txt."]);
    let usage = outcome.usage;
    assert_eq!((usage.input_tokens, usage.cached_tokens, usage.output_tokens), (31, 20, 8));
    let request = fake.last_request();
    assert_eq!(request.header("x-goog-api-key"), Some("AIza-test-key"));
    let contents = &request.body["contents"];
    let said = contents[1]["parts"].as_array().expect("the model's parts");
    assert_eq!(said.len(), 3, "the thought is not sent back");
    assert!(said[1]["thoughtSignature"].as_str().is_some_and(|it| it.starts_with("signature of")));
    let results = contents[2]["parts"].as_array().expect("the results");
    assert_eq!(results[0]["functionResponse"]["response"]["output"], "a.txt");
    assert_eq!(results[1]["functionResponse"]["name"], "fly");
    assert!(results[1]["functionResponse"]["response"]["error"].is_string());
    // The next turn carries the whole conversation on, also with another model of the provider.
    fake.push(FakeReply::text("You are welcome."));
    settings.model.model = Some("gemini-2.5-flash".to_owned());
    run(&Agent::new(settings), turn_after(outcome.history, "thanks")).await;
    assert_eq!(fake.last_request().body["contents"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn failures_are_understood() {
    let fake = FakeModel::start().await;
    let limited = json!({"error": {
        "code": 429, "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s"}],
    }});
    let unavailable = json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "Busy"}});
    fake.push(FakeReply::status(429, &limited.to_string()));
    fake.push(FakeReply::status(503, &unavailable.to_string()));
    fake.push(FakeReply::Stream(vec![Step::Event(unavailable)]));
    fake.push(FakeReply::text("At last"));
    let agent = Agent::new(gemini(&fake, "gemini-2.5-pro"));
    let (outcome, ears) = run(&agent, turn("hello")).await;
    assert_eq!((outcome.reply.as_str(), ears.progress().len()), ("At last", 3));
    for (reply, expected) in [
        (
            json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
            "The question was blocked: PROHIBITED_CONTENT",
        ),
        (json!({"candidates": [{"finishReason": "SAFETY"}]}), "declined to answer"),
        (json!({"candidates": [{"finishReason": "MAX_TOKENS"}]}), "`agents.defaults.maxTokens`"),
    ] {
        fake.push(FakeReply::Stream(vec![Step::Event(reply)]));
        let (outcome, _) = run(&agent, turn("hello")).await;
        assert_eq!(outcome.ending, Ending::Failed);
        assert!(outcome.reply.contains(expected), "{}", outcome.reply);
    }
    fake.push(FakeReply::partial(["Half an ans"]).then(Step::Cut));
    let (outcome, _) = run(&agent, turn("hello")).await;
    assert!(outcome.reply.contains("the answer was cut off"), "{}", outcome.reply);
}

#[tokio::test]
async fn a_wrong_key_is_told_as_such() {
    let options =
        FakeModelOptions { required_key: Some("right".to_owned()), ..FakeModelOptions::default() };
    let fake = FakeModel::start_with(options).await;
    let (outcome, _) = run(&Agent::new(gemini(&fake, "gemini-2.5-pro")), turn("hello")).await;
    assert!(outcome.reply.contains("`providers.gemini.apiKey`"), "{}", outcome.reply);
}

#[tokio::test]
async fn a_base_url_that_ends_in_openai_keeps_the_openai_protocol() {
    let fake = FakeModel::start().await;
    let mut settings = gemini(&fake, "gemini-2.5-pro");
    let provider = settings.model.providers.get_mut("gemini").expect("it is configured");
    provider.api_base = Some(format!("{}/v1beta/openai/", fake.root_url()));
    let (outcome, _) = run(&Agent::new(settings), turn("hello there")).await;
    assert_eq!(outcome.reply, "hello there");
    assert_eq!(fake.last_request().header("authorization"), Some("Bearer AIza-test-key"));
}
