use nanobot_test_support::{FakeModel, FakeReply, Step};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::home::Home;

/// A home whose offline model follows a script.
fn scripted() -> Home {
    let home = Home::new();
    let script = json!([{"match": "capital", "reply": "**Paris**"}, {"match": "*", "reply": "You said: {text}"}]);
    std::fs::write(home.path().join("script.json"), script.to_string())
        .expect("a file can be written");
    home
}

fn script_of(home: &Home) -> String {
    home.path().join("script.json").display().to_string()
}

#[test]
fn answer_to_one_message_is_all_that_is_printed() {
    let home = scripted();
    let script = script_of(&home);
    let env = [("NANOBOT_OFFLINE_SCRIPT", script.as_str())];
    let ran = home.run_with(&["agent", "-m", "The capital of France?"], &env, "");
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.succeeded(), "**Paris**\n");
}

#[test]
fn failed_answer_is_an_error() {
    let home =
        Home::with_config(&json!({"agents": {"defaults": {"model": "anthropic/claude-opus-4-5"}}}));
    let ran = home.run(&["agent", "-m", "Hello"]);
    assert_eq!(ran.stdout, "");
    let said = ran.failed(1);
    assert!(said.starts_with("Error: ") && said.contains("apiKey"), "{said}");
}

#[test]
fn conversation_is_read_line_by_line_until_an_exit_word() {
    let home = scripted();
    let script = script_of(&home);
    let env = [("NANOBOT_OFFLINE_SCRIPT", script.as_str())];
    let input = "one\n\n/help\n/new\n/quit\nnever\n";
    let ran = home.run_with(&["agent"], &env, input);
    assert!(ran.stderr.contains("/new   forget this conversation"), "{ran:#?}");
    assert!(ran.stderr.contains("New session started."), "{ran:#?}");
    assert_eq!(ran.succeeded().trim(), "You said: one");
}

#[test]
fn conversation_remembers_what_was_said_until_a_new_one_begins() {
    let ran = Home::new().run_with(&["agent"], &[], "first\nsecond\n/new\nthird\n");
    let said = ran.succeeded();
    // The offline model introduces itself in its first answer of a session only.
    assert_eq!(said.matches("Hello! I am the **offline model**").count(), 2, "{said}");
    assert_eq!(said.matches("I am still the offline model").count(), 1, "{said}");
}

#[tokio::test]
async fn ctrl_c_ends_an_answer_with_what_was_said_until_then() {
    let model = FakeModel::start().await;
    model.push(FakeReply::partial(["Once upon"]).then(Step::Stall));
    let home = Home::with_config(&json!({
        "agents": {"defaults": {"model": "fake-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url(), "apiKey": "key"}}
    }));
    let child = home.command(&["agent", "-m", "Tell me a story"]).spawn().unwrap();
    model.wait_for_requests(1).await;
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    // The signal may be faster than the first piece.
    assert!("Once upon\n".ends_with(&said), "{said:?}");
}
