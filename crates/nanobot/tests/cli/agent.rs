use nanobot_test_support::{FakeModel, FakeReply, RecordedRequest, Step, TestGateway};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::home::{BINARY, Home};

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
    assert!(ran.stderr.contains("/new           forget this conversation"), "{ran:#?}");
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

#[test]
fn conversation_goes_on_in_the_next_run_until_a_new_one_begins() {
    let home = Home::new();
    let introduces_itself = |ran: crate::home::Ran| {
        let said = ran.succeeded();
        said.contains("Hello! I am the **offline model**")
    };
    assert!(introduces_itself(home.run(&["agent", "-m", "one"])));
    assert!(!introduces_itself(home.run(&["agent", "-m", "two"])), "it remembers the first run");
    assert!(introduces_itself(home.run(&["agent", "-m", "one", "--session", "cli:work"])));
    home.run_with(&["agent"], &[], "/new\n").succeeded();
    assert!(introduces_itself(home.run(&["agent", "-m", "one"])), "it forgot");
    let sessions = home.run(&["sessions", "list"]).succeeded();
    assert!(sessions.contains("cli:direct") && sessions.contains("cli:work"), "{sessions}");
}

#[tokio::test]
async fn conversation_is_kept_by_the_gateway_that_runs() {
    let gateway = TestGateway::builder(BINARY).start().await;
    let said = gateway.command(BINARY, &["agent", "-m", "Hello from here"]).await;
    assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
    let shown = gateway.command(BINARY, &["sessions", "show", "cli:direct"]).await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("Hello from here"), "{shown}");
    let again = gateway.command(BINARY, &["agent", "-m", "And again"]).await;
    let again = String::from_utf8(again.stdout).unwrap();
    assert!(again.contains("I am still the offline model"), "{again}");
}

#[test]
fn conversation_understands_the_commands_of_a_chat_and_lines_that_go_on() {
    let home = scripted();
    let script = script_of(&home);
    let env = [("NANOBOT_OFFLINE_SCRIPT", script.as_str())];
    let ran = home.run_with(&["agent"], &env, "one \\\ntwo\n/status\n/model\n/model x\n/stop\n");
    for expected in [
        "Session: cli:direct, 2 entries remembered",
        "- `offline` (answers in this session)",
        "No model `x` is configured.",
        "Nothing is running.",
    ] {
        assert!(ran.stderr.contains(expected), "{ran:#?}");
    }
    assert_eq!(ran.succeeded().trim(), "You said: one \ntwo");
}

#[test]
fn answer_cannot_give_orders_to_the_terminal() {
    let home = Home::new();
    let script = json!([{"match": "*", "pieces": ["a\u{1b}]52;c;eA==\u{7}b"]}]);
    std::fs::write(home.path().join("script.json"), script.to_string()).unwrap();
    let script = script_of(&home);
    let env = [("NANOBOT_OFFLINE_SCRIPT", script.as_str())];
    let said = home.run_with(&["agent"], &env, "go\n").succeeded();
    assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn conversation_lists_fallback_models_and_goes_on_with_the_chosen_one() {
    let model = FakeModel::start().await;
    let home = Home::with_config(&json!({
        "agents": {"defaults": {
            "model": "fake-model", "provider": "custom", "fallbackModels": ["groq/other-model"],
        }},
        "providers": {
            "custom": {"apiBase": model.base_url()},
            "groq": {"apiBase": model.base_url(), "apiKey": "key"},
        }
    }));
    let input = "/model\none\n/model groq/other-model\ntwo\n";
    let ran = tokio::task::block_in_place(|| home.run_with(&["agent"], &[], input));
    let listed = "- `fake-model` (answers in this session)\n- `groq/other-model`\n";
    assert!(ran.stderr.contains(listed), "{ran:#?}");
    let requests = model.requests();
    let asked: Vec<&str> = requests.iter().map(RecordedRequest::model).collect();
    assert_eq!(asked, ["fake-model", "other-model"]);
}
