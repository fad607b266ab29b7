use nanobot_test_support::TestGateway;
use serde_json::Value;

use crate::books::{self, SESSION};
use crate::home::{BINARY, Home, cells};

const OLD: &str = concat!(
    r#"{"_type":"metadata","key":"telegram:42","created_at":"2026-01-02T03:04:05","updated_at":"2026-01-02T03:04:05","metadata":{},"last_consolidated":0}"#,
    "\n",
    r#"{"role":"user","content":"hi"}"#,
    "\n",
);

#[tokio::test]
async fn sessions_are_listed_shown_and_exported_without_a_gateway() {
    let home = Home::new();
    books::fill(&home).await;
    let lines = cells(&home.run(&["sessions", "list"]).succeeded());
    assert_eq!(lines[0], "Session Entries Begun Used");
    assert!(lines[1].starts_with("cron 1 ") && lines[2].starts_with("parrot:a/b c 2 "));
    let said = home.run(&["sessions", "show", SESSION, "--limit", "1"]).succeeded();
    assert!(said.contains("\n… 1 older entries\n\nassistant\nho\n"), "{said}");
    let said = home.run(&["sessions", "show", SESSION, "--json"]).succeeded();
    let shown: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(shown["history"][0]["content"], "hi");

    let exported = home.run(&["sessions", "export", SESSION]).succeeded();
    let first: Value = serde_json::from_str(exported.lines().next().unwrap()).unwrap();
    assert_eq!(first["key"], SESSION);
    let said = home.run(&["sessions", "export", SESSION, "-o", "out.jsonl"]);
    assert_eq!(said.stderr, "✓ Wrote 2 entries to out.jsonl\n");
    let written = std::fs::read_to_string(home.path().join("out.jsonl")).unwrap();
    assert_eq!(written, exported);
    let said = home.run(&["sessions", "export", SESSION, "-o", "out.jsonl"]).failed(1);
    assert!(said.contains("Error: out.jsonl exists already"), "{said}");
}

#[tokio::test]
async fn session_is_deleted_only_if_somebody_says_so() {
    let home = Home::new();
    books::fill(&home).await;
    let said = home.run(&["sessions", "delete", SESSION]).failed(1);
    assert!(said.contains("nobody can be asked") && said.contains("add `--yes`"), "{said}");
    let said = home.run(&["sessions", "delete", SESSION, "--yes"]).succeeded();
    assert_eq!(said, "✓ Deleted parrot:a/b c with 2 entries\n");
    assert_eq!(cells(&home.run(&["sessions", "list"]).succeeded()).len(), 2);
}

#[tokio::test]
async fn sessions_of_the_workspace_are_imported_once_and_stay_deleted() {
    let home = Home::new();
    let folder = home.workspace().join("sessions");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("telegram_42.jsonl"), OLD).unwrap();
    std::fs::write(folder.join("torn_1.jsonl"), "{\"role\":\"user\"}\n{\"ro").unwrap();
    let mut gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    let said = format!("✓ Imported 2 sessions from {}", folder.display());
    assert_eq!(gateway.wait_for_stdout("Imported").await, said);
    gateway.wait_for_stderr("torn_1.jsonl was imported without 1 lines").await;
    let exported = gateway.command(BINARY, &["sessions", "export", "telegram:42"]).await;
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(exported.lines().last(), OLD.lines().last());
    let [first, old] = [&exported, OLD]
        .map(|text| -> Value { serde_json::from_str(text.lines().next().unwrap()).unwrap() });
    assert_eq!((&first["key"], &first["created_at"]), (&old["key"], &old["created_at"]));
    gateway.command(BINARY, &["sessions", "delete", "telegram:42", "--yes"]).await;
    assert_eq!(gateway.stop().await.code(), Some(0));

    let second = gateway.restarted().await;
    assert!(!second.stdout().contains("Imported"), "{}", second.stdout());
    let shown = second.command(BINARY, &["sessions", "show", "telegram:42"]).await;
    assert_eq!(shown.status.code(), Some(1));
}
