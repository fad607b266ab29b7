use nanobot_test_support::{FakeModel, FakeReply, Step, TestGateway};
use serde_json::{Value, json};

use crate::books;
use crate::home::{BINARY, Home};

fn status(home: &Home) -> Value {
    serde_json::from_str(&home.run(&["status", "--json"]).succeeded()).expect("the status is JSON")
}

#[test]
fn keys_are_told_by_presence_and_never_shown() {
    let home = Home::with_config(&json!({
        "agents": {"defaults": {"model": "anthropic/claude-opus-4-5"}},
        "providers": {"openrouter": {"apiKey": "sk-secret"}}
    }));
    let ran = home.run(&["status"]);
    assert!(!format!("{ran:?}").contains("sk-secret"), "{ran:#?}");
    let said = ran.succeeded();
    assert!(said.contains("Model      anthropic/claude-opus-4-5 (openrouter)"), "{said}");
    assert!(said.contains("API keys   openrouter (not set for "), "{said}");
    assert!(said.contains("Gateway    not running"), "{said}");
    let status = status(&home);
    assert_eq!(status["providerKeys"]["openrouter"], true);
    assert_eq!(status["providerKeys"]["anthropic"], false);
}

#[test]
fn broken_config_is_part_of_the_status() {
    let home = Home::with_config_text("{\n  oops");
    let status = status(&home);
    assert_eq!(status["config"]["valid"], false);
    assert!(status["config"]["error"].as_str().unwrap().contains("config.json:2:"), "{status}");
    assert_eq!(status["model"], Value::Null);
    let ran = home.run(&["status"]);
    assert!(ran.stderr.contains("config.json:2:"), "{ran:#?}");
    ran.succeeded();
}

#[tokio::test]
async fn running_gateway_is_seen() {
    let gateway = TestGateway::builder(BINARY).start().await;
    let expected = format!("Gateway    running at {} for ", gateway.address());
    gateway.command_until(BINARY, &["status"], |said| said.contains(&expected)).await;
}

#[tokio::test]
async fn what_models_were_used_for_is_told_for_today_and_seven_days() {
    let home = Home::new();
    let said = home.run(&["status"]).succeeded();
    assert!(said.contains("Today      no answers\n7 days     no answers\n"), "{said}");
    books::fill(&home).await;
    let said = home.run(&["status"]).succeeded();
    let used = "7 days     1 answers, 1200 tokens in (1000 cached), 34 out, 2.5 s on average";
    assert!(said.contains(used), "{said}");
    let usage = &status(&home)["usage"];
    assert_eq!(usage["sevenDays"]["input_tokens"], 1_200);
    let day = &usage["days"][0];
    assert_eq!((&day["channel"], &day["model"]), (&json!("parrot"), &json!("big/model")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agent_in_the_terminal_used_is_told_under_the_channel_cli() {
    let model = FakeModel::start().await;
    let home = Home::with_config(&json!({
        "agents": {"defaults": {"model": "fake-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
    }));
    let end = Step::End { input_tokens: 50, output_tokens: 7 };
    model.push(FakeReply::partial(["Hello."]).then(end));
    tokio::task::block_in_place(|| {
        home.run(&["agent", "-m", "Hi", "-s", "telegram:1"]).succeeded()
    });
    let told = tokio::task::block_in_place(|| status(&home));
    let day = &told["usage"]["days"][0];
    let expected = (&json!("cli"), &json!(1), &json!(50), &json!(7));
    let found = (&day["channel"], &day["turns"], &day["input_tokens"], &day["output_tokens"]);
    assert_eq!(found, expected, "{told:#}");
}
