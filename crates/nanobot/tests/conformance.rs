//! The built-in channels and the plugins of the examples keep the rules of the protocol.

use std::path::Path;
use std::process::Command;

use nanobot_plugin_test::{Report, Subject, Verdict, check};
use nanobot_test_support::{FakeDiscord, FakeTelegram};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");

fn skipped(report: &Report) -> Vec<&str> {
    let findings = report.findings.iter();
    findings.filter(|it| matches!(it.verdict, Verdict::Skipped(_))).map(|it| it.rule).collect()
}

/// Checks a built-in channel as a process. The chat of the checks is none of the platform's, so
/// nothing can be delivered there.
async fn check_built_in(name: &str, section: Value) {
    let subject = Subject::new(name, BINARY).with_arg("channel-process").with_arg(name);
    let report = check(&subject.with_section(section)).await;
    report.assert_conforming();
    assert_eq!(skipped(&report), ["a repeated delivery gets the first receipt"], "{report}");
}

#[tokio::test]
async fn telegram_as_a_process_keeps_all_rules() {
    let telegram = FakeTelegram::start().await;
    let section = json!({"token": telegram.token(), "apiBase": telegram.api_base()});
    check_built_in("telegram", section).await;
}

#[tokio::test]
async fn discord_as_a_process_keeps_all_rules() {
    let discord = FakeDiscord::start().await;
    let section = json!({"token": discord.token(), "apiBase": discord.api_base()});
    check_built_in("discord", section).await;
}

#[tokio::test]
async fn plugin_without_a_library_keeps_all_rules() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let program = examples.join("nanobot-channel-echo-python-raw/nanobot-channel-echo");
    let report = check(&Subject::new("echo", program)).await;
    report.assert_conforming();
    assert_eq!(skipped(&report).len(), 2, "it does not stream:\n{report}");
}

#[test]
fn command_says_what_is_broken_and_ends_with_1() {
    let home = tempfile::tempdir().expect("a folder can be made");
    let run = |args: &[&str]| {
        let mut command = Command::new(BINARY);
        command.args(["plugins", "test"]).args(args).env("HOME", home.path());
        command.output().expect("the program can be started")
    };
    let broken = run(&["/bin/false", "--json"]);
    assert_eq!(broken.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&broken.stdout).expect("it is JSON");
    assert_eq!(report["findings"][0]["verdict"], "failed", "{report}");
    for channel in ["discord", "telegram"] {
        let good = run(&[channel]);
        assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stdout));
    }
    let said = String::from_utf8_lossy(&run(&["web"]).stderr).into_owned();
    assert!(said.contains("web cannot be tested as a plugin"), "{said}");
    let said = String::from_utf8_lossy(&run(&["telegram", "--section", "[]"]).stderr).into_owned();
    assert!(said.contains("--section is no JSON object"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_chat_that_the_platform_has_every_rule_of_telegram_is_checked() {
    let telegram = FakeTelegram::start().await;
    telegram.know_chat(7);
    let section = json!({"token": telegram.token(), "apiBase": telegram.api_base()});
    let home = tempfile::tempdir().expect("a folder can be made");
    let mut command = tokio::process::Command::new(BINARY);
    command.args(["plugins", "test", "telegram", "--json", "--chat", "7", "--section"]);
    let output = command.arg(section.to_string()).env("HOME", home.path()).output().await;
    let output = output.expect("the program can be started");
    let report: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let findings = report["findings"].as_array().expect("a list");
    assert!(findings.iter().all(|it| it["verdict"] == "passed"), "{report:#}");
    assert!(telegram.shown(7).iter().any(|message| message.text.contains("test")));
}
