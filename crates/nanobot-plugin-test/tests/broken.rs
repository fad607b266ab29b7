//! Programs that break rules, each in one way, and what the kit says of them.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use nanobot_plugin_test::{Report, Subject, Verdict, check};
use tempfile::TempDir;

/// A plugin in a few lines of shell. It answers each request with what `answer` prints; `$id` and
/// `$method` are those of the request.
const SCRIPT: &str = r#"#!/bin/sh
test -n "$NANOBOT_PLUGIN" || { echo "a plugin" >&2; exit 64; }
hello='{"protocol_version":1,"plugin":{"name":"p","version":"1"},"channel":{"kind":"p","display_name":"P"}}'
say() { printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"; }
refuse() { say "\"error\":{\"code\":-32601,\"message\":\"no\",\"data\":{\"kind\":\"$1\"}}"; }
usual() {
  case $method in
    initialize) case $line in
      *'[1]'*|*'[999,1]'*) say "\"result\":$hello" ;;
      *) refuse unsupported; exit 76 ;;
    esac ;;
    message/send) if [ -n "$stopping" ]; then refuse not_ready; else say '"result":{"platform_ids":[]}'; fi ;;
    shutdown) stopping=1; say '"result":{}' ;;
    ping|channel/start) say '"result":{}' ;;
    *) refuse unsupported ;;
  esac
}
answer() { usual; }
ANSWER
while IFS= read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\),.*/\1/p')
  method=$(printf '%s' "$line" | sed -n 's/.*"method":"\([^"]*\)".*/\1/p')
  case $line in *'"id"'*) case $method in '$/cancel') ;; *) answer ;; esac ;; esac
done
"#;

async fn report(answer: &str) -> (Report, TempDir) {
    let (subject, folder) = subject(answer);
    (check(&subject).await, folder)
}

fn subject(answer: &str) -> (Subject, TempDir) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (source, path) = (folder.path().join("source"), folder.path().join("plugin"));
    std::fs::write(&source, SCRIPT.replace("ANSWER", answer)).expect("a file can be written");
    std::fs::set_permissions(&source, PermissionsExt::from_mode(0o755)).expect("it is ours");
    // By another process: a test that forks meanwhile would hold our handle for writing, and a file
    // that is open for writing cannot be run.
    let copied = Command::new("cp").arg(&source).arg(&path).status();
    assert!(copied.expect("there is cp").success());
    (Subject::new("p", path), folder)
}

/// Requires that this rule is seen broken, for a reason with these words.
#[track_caller]
fn assert_broken(report: &Report, rule: &str, words: &str) {
    let finding = report.findings.iter().find(|it| it.rule.contains(rule)).expect("a rule");
    let Verdict::Failed(reason) = &finding.verdict else { panic!("{rule} is kept:\n{report}") };
    assert!(reason.contains(words), "{reason}");
    assert!(!report.is_conforming());
}

#[tokio::test]
async fn plugin_that_keeps_all_rules_passes() {
    let (report, _folder) = report("").await;
    report.assert_conforming();
    let skipped = |it: &&nanobot_plugin_test::Finding| matches!(it.verdict, Verdict::Skipped(_));
    assert_eq!(report.findings.iter().filter(skipped).count(), 2, "only streams:\n{report}");
}

#[tokio::test]
async fn noise_on_stdout_is_seen() {
    let (report, _folder) = report("answer() { echo debugging; usual; }").await;
    assert_broken(&report, "it describes itself", "not of the link: \"debugging");
}

#[tokio::test]
async fn request_that_is_answered_twice_is_seen() {
    let (report, _folder) = report("answer() { usual; usual; }").await;
    assert_broken(&report, "each is answered once", "answered request 1 twice");
}

#[tokio::test]
async fn unknown_method_that_succeeds_is_seen() {
    let answer =
        r#"answer() { case $method in message/edit) say '"result":{}' ;; *) usual ;; esac; }"#;
    let (report, _folder) = report(answer).await;
    assert_broken(&report, "a method that it does not know", "message/edit succeeded");
}

#[tokio::test]
async fn another_receipt_for_a_repeated_delivery_is_seen() {
    let answer = r#"answer() { case $method in message/send) say "\"result\":{\"platform_ids\":[\"$id\"]}" ;; *) usual ;; esac; }"#;
    let (report, _folder) = report(answer).await;
    assert_broken(&report, "a repeated delivery", "then Ok");
}

#[tokio::test]
async fn plugin_that_only_ever_talks_is_not_waited_for_without_end() {
    let talk = r#"{"jsonrpc":"2.0","method":"channel/status","params":{"state":"retrying"}}"#;
    let answer = format!(
        "answer() {{ case $method in message/send) while echo '{talk}'; do sleep 0.1; done ;; *) usual ;; esac; }}"
    );
    let (subject, _folder) = subject(&answer);
    let checking = check(&subject.with_patience(Duration::from_secs(3))).await;
    assert_broken(&checking, "a delivery that is taken back", "not answered within 3 s");
}

#[tokio::test]
async fn deliveries_are_for_the_chat_that_was_chosen() {
    let answer = r#"answer() { case $line in
      *message/send*'"id":"real"'*) usual ;;
      *message/send*) refuse not_found ;;
      *) usual ;;
    esac; }"#;
    let rule = "a repeated delivery";
    let (subject, _folder) = subject(answer);
    let finding = |report: Report| {
        let found = report.findings.into_iter().find(|it| it.rule.contains(rule));
        found.expect("a rule").verdict
    };
    assert!(matches!(finding(check(&subject).await), Verdict::Skipped(_)));
    assert_eq!(finding(check(&subject.with_chat("real")).await), Verdict::Passed);
}

#[tokio::test]
async fn program_that_ends_at_once_breaks_every_rule() {
    let report = check(&Subject::new("p", "/bin/false")).await;
    assert_broken(&report, "started by hand", "exit status: 1");
    assert!(report.findings.iter().all(|it| matches!(it.verdict, Verdict::Failed(_))), "{report}");
}
