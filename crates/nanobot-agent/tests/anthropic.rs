//! Turns with a model behind the protocol of Anthropic, against a fake model over real HTTP.

mod support;

use nanobot_agent::{Agent, AgentSettings, Ending, ProviderSettings, Usage};
use nanobot_test_support::{FakeModel, FakeReply, Step};
use serde_json::json;
use support::{run, settings, turn, turn_after};

fn claude(fake: &FakeModel) -> AgentSettings {
    let mut settings = settings(fake);
    settings.model.provider = "auto".to_owned();
    settings.model.model = Some("anthropic/claude-opus-4-5".to_owned());
    let provider = ProviderSettings {
        api_key: Some("sk-ant-key".to_owned().into()),
        api_base: Some(fake.root_url()),
        ..ProviderSettings::default()
    };
    settings.model.providers.insert("anthropic".to_owned(), provider);
    settings
}

#[tokio::test]
async fn tools_and_thoughts_go_round_and_usage_is_counted() {
    let fake = FakeModel::start().await;
    let workspace = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(workspace.path().join("a.txt"), "tea").expect("the file is written");
    let mut settings = claude(&fake);
    settings.workspace = workspace.path().to_owned();
    settings.model.reasoning_effort = Some("low".to_owned());
    let calls = [("glob", r#"{"pattern":"*.txt"}"#), ("fly", "{")];
    let thought = Step::Reasoning("I should look".to_owned());
    let first = FakeReply::Stream(vec![thought, Step::Text("Looking.".to_owned())]);
    fake.push(first.then_calls(calls));
    fake.push(
        FakeReply::partial(["There is ", "a.txt."])
            .then(Step::End { input_tokens: 30, output_tokens: 7 }),
    );
    let agent = Agent::new(settings);
    let (outcome, ears) = run(&agent, turn("what is there?")).await;
    assert_eq!((outcome.reply.as_str(), outcome.ending), ("There is a.txt.", Ending::Complete));
    assert_eq!(ears.pieces(), ["Looking.", "There is ", "a.txt."]);
    assert_eq!((outcome.usage.input_tokens, outcome.usage.output_tokens), (31, 8));
    let request = fake.last_request();
    assert_eq!(request.header("x-api-key"), Some("sk-ant-key"));
    let messages = &request.body["messages"];
    let thinking = json!({"type": "thinking", "thinking": "I should look", "signature": "signed"});
    assert_eq!(messages[1]["content"][0], thinking);
    assert_eq!(messages[1]["content"][2]["input"], json!({"pattern": "*.txt"}));
    assert_eq!(messages[2]["content"][0]["content"], "a.txt");
    assert_eq!(messages[2]["content"][1]["is_error"], true);
    // In the next turn the thoughts are gone, but calls and results are still there.
    fake.push(FakeReply::text("You are welcome."));
    run(&agent, turn_after(outcome.history, "thanks")).await;
    let request = fake.last_request();
    assert_eq!(request.body["messages"][1]["content"][0]["type"], "text");
    assert_eq!(request.body["messages"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn failures_are_understood() {
    let fake = FakeModel::start().await;
    let overloaded =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    fake.push(FakeReply::status(529, &overloaded.to_string()));
    fake.push(FakeReply::Stream(vec![Step::Event(overloaded)]));
    fake.push(FakeReply::text("At last"));
    let (outcome, ears) = run(&Agent::new(claude(&fake)), turn("hello")).await;
    assert_eq!((outcome.reply.as_str(), ears.progress().len()), ("At last", 2));
    let too_long = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long"}});
    fake.push(FakeReply::status(400, &too_long.to_string()));
    let (outcome, _) = run(&Agent::new(claude(&fake)), turn("hello")).await;
    assert!(outcome.reply.contains("/new"), "{}", outcome.reply);
    fake.push(FakeReply::partial(["Half an ans"]));
    let (outcome, _) = run(&Agent::new(claude(&fake)), turn("hello")).await;
    assert!(outcome.reply.contains("the answer was cut off"), "{}", outcome.reply);
}

#[tokio::test]
async fn thoughts_that_nobody_asked_for_go_back_and_cached_tokens_are_told_apart() {
    let fake = FakeModel::start().await;
    let workspace = tempfile::tempdir().expect("a temporary directory");
    let mut settings = claude(&fake);
    settings.workspace = workspace.path().to_owned();
    settings.model.model = Some("anthropic/claude-opus-5".to_owned());
    let thought = FakeReply::Stream(vec![Step::Reasoning(String::new())]);
    fake.push(thought.then_calls([("glob", r#"{"pattern":"*.txt"}"#)]));
    let usage = json!({
        "input_tokens": 10, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 5,
        "output_tokens": 3,
    });
    let end =
        json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": usage});
    let stop = json!({"type": "message_stop"});
    fake.push(FakeReply::partial(["Half"]).then(Step::Event(end)).then(Step::Event(stop)));
    let (outcome, _) = run(&Agent::new(settings), turn("what is there?")).await;
    let thinking = json!({"type": "thinking", "thinking": "", "signature": "signed"});
    assert_eq!(fake.last_request().body["messages"][1]["content"][0], thinking);
    let expected = Usage { input_tokens: 36, cached_tokens: 20, output_tokens: 4 };
    assert_eq!((outcome.usage, outcome.ending), (expected, Ending::Failed));
    assert!(outcome.reply.starts_with("Half\n\nThe answer ends here"), "{}", outcome.reply);
}
