//! Turns in which something goes wrong, against a fake model over real HTTP.

mod support;

use std::time::{Duration, Instant};

use nanobot_agent::{Agent, AgentSettings, Ending, ProviderSettings, RetryMode};
use nanobot_test_support::{FakeModel, FakeModelOptions, FakeReply, Step};
use serde_json::json;
use support::{ask, run, settings, settings_at, turn};

#[tokio::test]
async fn a_failure_that_passes_is_retried_with_a_notice_for_each_wait() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::status(500, "oops"));
    fake.push(FakeReply::status(429, "{}"));
    fake.push(FakeReply::stream_error("Overloaded", &json!("overloaded_error")));
    let (outcome, ears) = ask(&fake, "hello").await;
    assert_eq!((outcome.reply.as_str(), outcome.ending), ("hello", Ending::Complete));
    let notices =
        [1, 2, 3].map(|attempt| format!("Model request failed, retry in 1s (attempt {attempt})."));
    assert_eq!(ears.progress(), notices);
}

#[tokio::test]
async fn retries_end_after_three_and_the_person_is_told() {
    let fake = FakeModel::start().await;
    fake.set_default(FakeReply::status(503, "maintenance until noon"));
    let (outcome, _) = ask(&fake, "hello").await;
    assert_eq!(outcome.ending, Ending::Failed);
    assert!(outcome.reply.contains("(status 503)"), "{}", outcome.reply);
    assert!(outcome.reply.contains("maintenance until noon"), "{}", outcome.reply);
    assert_eq!(fake.request_count(), 4);
    assert_eq!(outcome.history.len(), 1, "the notice is not the model's word");
}

#[tokio::test]
async fn persistent_retries_go_on_until_ten_equal_failures() {
    let fake = FakeModel::start().await;
    fake.set_default(FakeReply::status(503, ""));
    let mut settings = settings(&fake);
    settings.model.retry = RetryMode::Persistent;
    run(&Agent::new(settings), turn("hello")).await;
    assert_eq!(fake.request_count(), 10);
}

#[tokio::test]
async fn the_wait_that_the_provider_asks_for_is_kept() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::status(429, "").retry_after("0.2"));
    let started = Instant::now();
    let (outcome, _) = ask(&fake, "hello").await;
    assert_eq!(outcome.reply, "hello");
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_wait_of_an_hour_is_told_and_not_waited_for() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::status(429, "").retry_after("3600"));
    let (outcome, ears) = ask(&fake, "hello").await;
    assert!(outcome.reply.contains("Try again in 60 minutes"), "{}", outcome.reply);
    assert!(ears.progress().is_empty());
}

#[tokio::test]
async fn nothing_is_retried_after_text_was_said() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::partial(["Half an ans"]).then(Step::Cut));
    let (outcome, ears) = ask(&fake, "hello").await;
    assert_eq!(fake.request_count(), 1);
    assert!(ears.progress().is_empty());
    assert_eq!(outcome.ending, Ending::Failed);
    assert!(outcome.reply.starts_with("Half an ans\n\nThe connection to"), "{}", outcome.reply);
    assert_eq!(outcome.history[1].content, "Half an ans");
}

#[tokio::test]
async fn a_cut_in_the_middle_of_hidden_thoughts_is_retried() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::partial(["<think>let me", "<"]).then(Step::Cut));
    fake.push(FakeReply::partial(["<"]).then(Step::Cut));
    let (outcome, _) = ask(&fake, "hello").await;
    assert_eq!(outcome.reply, "hello");
}

#[tokio::test]
async fn a_stream_that_ends_without_a_finish_is_a_cut() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::partial(["Half"]));
    let (outcome, _) = ask(&fake, "hello").await;
    assert!(outcome.reply.contains("the answer was cut off"), "{}", outcome.reply);
}

#[tokio::test]
async fn a_finished_answer_is_an_answer_however_the_stream_ends() {
    let fake = FakeModel::start().await;
    let finished = json!({"choices": [{"delta": {"content": "Whole"}, "finish_reason": "stop"}]});
    for end in [Step::Cut, Step::Stall] {
        fake.push(FakeReply::partial([]).then(Step::Event(finished.clone())).then(end));
        let (outcome, _) = ask(&fake, "hello").await;
        assert_eq!((outcome.reply.as_str(), outcome.ending), ("Whole", Ending::Complete));
    }
}

#[tokio::test]
async fn a_stalled_stream_ends_with_what_was_said_and_a_notice() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::partial(["So far"]).then(Step::Stall));
    let mut settings = settings(&fake);
    settings.model.stall_timeout = Duration::from_millis(100);
    let started = Instant::now();
    let (outcome, _) = run(&Agent::new(settings), turn("hello")).await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(outcome.reply, "So far\n\n`custom` has been silent for too long. Please try again.");
}

#[tokio::test]
async fn a_slow_answer_is_not_a_stalled_one() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::slow(["a", "b", "c", "d", "e"], Duration::from_millis(60)));
    let mut settings = settings(&fake);
    settings.model.stall_timeout = Duration::from_millis(200);
    let (outcome, _) = run(&Agent::new(settings), turn("hello")).await;
    assert_eq!(outcome.reply, "abcde");
}

#[tokio::test]
async fn an_error_inside_the_stream_is_told_after_what_was_said() {
    let fake = FakeModel::start().await;
    let error = json!({"error": {"message": "content was filtered", "code": 400}});
    fake.push(FakeReply::partial(["Once"]).then(Step::Event(error)));
    let (outcome, _) = ask(&fake, "hello").await;
    assert!(outcome.reply.starts_with("Once\n\n"), "{}", outcome.reply);
    assert!(outcome.reply.contains("content was filtered"), "{}", outcome.reply);
}

#[tokio::test]
async fn each_lasting_failure_says_what_to_do_and_is_not_retried() {
    for (status, body, advice) in [
        (404, "", "Check `agents.defaults.model`"),
        (400, r#"{"error":{"code":"context_length_exceeded"}}"#, "/new"),
        (402, "", "no credit"),
        (400, r#"{"error":{"message":"bad parameter"}}"#, "bad parameter"),
        (307, "", "is not understood"),
    ] {
        let fake = FakeModel::start().await;
        fake.push(FakeReply::status(status, body));
        let (outcome, _) = ask(&fake, "hello").await;
        assert!(outcome.reply.contains(advice), "{status}: {}", outcome.reply);
        assert_eq!((outcome.ending, fake.request_count()), (Ending::Failed, 1), "{status}");
    }
}

#[tokio::test]
async fn answers_that_are_no_answers_are_refused() {
    for reply in [
        FakeReply::raw(&b"data: \xff\xfe garbage\n\n"[..]),
        FakeReply::raw("data: {not json}\n\n"),
        FakeReply::raw("<html>hello</html>"),
    ] {
        let fake = FakeModel::start().await;
        fake.push(reply);
        let (outcome, _) = ask(&fake, "hello").await;
        assert!(outcome.reply.contains("is not understood"), "{}", outcome.reply);
        assert!(outcome.reply.len() < 1_000);
    }
}

#[tokio::test]
async fn lines_and_events_without_an_end_are_refused() {
    for reply in
        [FakeReply::huge_line(2 * 1024 * 1024), FakeReply::raw("data: x\n".repeat(600_000))]
    {
        let fake = FakeModel::start().await;
        fake.push(reply.then(Step::Stall));
        let (outcome, _) = ask(&fake, "hello").await;
        assert!(outcome.reply.contains("an event of the answer is too long"), "{}", outcome.reply);
    }
}

#[tokio::test]
async fn a_huge_error_body_is_cut() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::status(400, &"bad ".repeat(1_000_000)));
    let (outcome, _) = ask(&fake, "hello").await;
    assert!(outcome.reply.len() < 500, "{}", outcome.reply.len());
}

#[tokio::test]
async fn a_refused_connection_names_the_base_url() {
    let base = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}/v1", listener.local_addr().expect("an address"))
    };
    let (outcome, ears) = run(&Agent::new(settings_at(&base)), turn("hello")).await;
    assert!(outcome.reply.contains(&base), "{}", outcome.reply);
    assert!(outcome.reply.contains("`providers.custom.apiBase`"), "{}", outcome.reply);
    assert_eq!(ears.progress().len(), 3);
}

#[tokio::test]
async fn a_configuration_without_a_key_says_which_one() {
    let mut settings = AgentSettings::default();
    settings.model.model = Some("anthropic/claude-opus-4-5".to_owned());
    let (outcome, _) = run(&Agent::new(settings), turn("hello")).await;
    assert!(outcome.reply.contains("`providers.anthropic.apiKey`"), "{}", outcome.reply);
    assert_eq!((outcome.ending, outcome.history.len()), (Ending::Failed, 1));
}

const KEY: &str = "sk-very-secret-key";
const HEADER: &str = "hidden-header-value";

async fn settings_with_key(key: &str) -> (FakeModel, AgentSettings) {
    let options =
        FakeModelOptions { required_key: Some(KEY.to_owned()), ..FakeModelOptions::default() };
    let fake = FakeModel::start_with(options).await;
    let mut settings = settings(&fake);
    let provider = ProviderSettings {
        api_key: Some(key.to_owned().into()),
        api_base: Some(fake.base_url()),
        extra_headers: [("x-team".to_owned(), HEADER.to_owned().into())].into(),
        ..ProviderSettings::default()
    };
    settings.model.providers.insert("custom".to_owned(), provider);
    (fake, settings)
}

#[tokio::test]
async fn the_key_and_extra_headers_are_sent() {
    let (fake, settings) = settings_with_key(KEY).await;
    let (outcome, _) = run(&Agent::new(settings), turn("hello")).await;
    assert_eq!(outcome.reply, "hello");
    assert_eq!(fake.last_request().header("x-team"), Some(HEADER));
}

#[tokio::test]
async fn a_wrong_key_says_which_one_to_set() {
    let (_fake, settings) = settings_with_key("sk-wrong").await;
    let (outcome, _) = run(&Agent::new(settings), turn("hello")).await;
    assert!(outcome.reply.contains("`providers.custom.apiKey`"), "{}", outcome.reply);
}
