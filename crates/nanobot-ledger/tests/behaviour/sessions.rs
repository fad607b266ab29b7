use std::collections::HashSet;

use nanobot_ledger::{HistoryPage, SessionFile, SessionPage, export_session, import_sessions};

use crate::engine::Engine;
use crate::support::{claimed_text, inbound, unasked};

const FILE: &str = concat!(
    r#"{"_type":"metadata","key":"telegram:4_2","created_at":"2026-01-02T03:04:05","metadata":{"x":1},"last_consolidated":1}"#,
    "\n",
    r#"{"role": "user", "content": "hi"}"#,
    "\n",
    r#"{"role": "assistant", "content": "hello"}"#,
    "\n",
);

pub(crate) async fn sessions_are_listed_by_key_and_in_pages(engine: Engine) {
    let ledger = engine.open().await;
    for key in ["b", "a", "c"] {
        ledger.commit_turn(unasked(key, &["{}"], &[])).await.unwrap();
    }
    let page = |after: Option<&str>| SessionPage { after: after.map(Into::into), limit: 2 };
    let first = ledger.sessions(page(None)).await.unwrap();
    let second = ledger.sessions(page(Some(&first[1].key))).await.unwrap();
    let keys: Vec<_> = first.iter().chain(&second).map(|it| &it.key).collect();
    assert_eq!(keys, ["a", "b", "c"]);
}

pub(crate) async fn a_history_is_read_in_pieces(engine: Engine) {
    let ledger = engine.open().await;
    let commit = unasked("a", &["0", "1", "2", "3"], &[]);
    ledger.commit_turn(commit).await.unwrap();
    let page = HistoryPage { from: 1, limit: 2 };
    assert_eq!(ledger.session_history("a", page).await.unwrap(), ["1", "2"]);
    let beyond = HistoryPage { from: 4, limit: 2 };
    assert!(ledger.session_history("a", beyond).await.unwrap().is_empty());
    assert!(ledger.session_history("b", page).await.unwrap().is_empty());
}

pub(crate) async fn a_deleted_session_is_forgotten_but_its_messages_wait(engine: Engine) {
    let ledger = engine.open().await;
    ledger.commit_turn(unasked("a", &["old"], &[])).await.unwrap();
    ledger.accept(inbound("a", "hi")).await.unwrap();
    assert!(ledger.delete_session("a").await.unwrap());
    assert_eq!(ledger.session("a").await.unwrap(), None);
    assert_eq!(claimed_text(&*ledger, "a").await.as_deref(), Some("hi"));
    ledger.commit_turn(unasked("a", &["new"], &[])).await.unwrap();
    let page = HistoryPage { from: 0, limit: 9 };
    assert_eq!(ledger.session_history("a", page).await.unwrap(), ["new"]);
}

pub(crate) async fn a_session_is_imported_once_and_never_overwritten(engine: Engine) {
    let ledger = engine.open().await;
    let file = SessionFile::parse("x", FILE);
    assert!(ledger.import_session(file.clone()).await.unwrap());
    let emptied = SessionFile { entries: Vec::new(), ..file };
    assert!(!ledger.import_session(emptied).await.unwrap());
    ledger.accept(inbound("telegram:4_2", "hi")).await.unwrap();
    let claim = ledger.claim("telegram:4_2").await.unwrap().unwrap();
    assert_eq!(claim.history.len(), 2);
}

pub(crate) async fn an_exported_session_can_be_imported_elsewhere(engine: Engine) {
    let ledger = engine.open().await;
    let mut file = SessionFile::parse("x", FILE);
    ledger.import_session(file.clone()).await.unwrap();
    let exported = export_session(&*ledger, &file.key).await.unwrap().unwrap();
    let mut again = SessionFile::parse("y", &exported.to_jsonl());
    assert!(again.metadata.remove("updated_at").is_some());
    file.metadata.remove("updated_at");
    assert_eq!(again, file);
    assert_eq!(export_session(&*ledger, "nobody").await.unwrap(), None);
}

pub(crate) async fn a_directory_of_session_files_is_imported_and_can_be_again(engine: Engine) {
    let ledger = engine.open().await;
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(directory.path().join(name), text);
    write("telegram_4_2.jsonl", FILE.as_bytes()).unwrap();
    write("cli_direct.jsonl", b"{\"role\":\"user\"}\n{\"torn").unwrap();
    write("notes.txt", b"not a session").unwrap();
    write("broken.jsonl", b"\xff\xfe").unwrap();
    let report = import_sessions(&*ledger, directory.path(), &HashSet::new()).await.unwrap();
    assert_eq!(report.imported, ["cli:direct", "telegram:4_2"]);
    assert_eq!((report.failed.len(), report.unreadable_lines.len()), (1, 1));
    let report = import_sessions(&*ledger, directory.path(), &HashSet::new()).await.unwrap();
    assert_eq!(report.present, ["cli:direct", "telegram:4_2"]);
    assert!(report.imported.is_empty());
}

pub(crate) async fn after_closing_every_call_fails(engine: Engine) {
    let ledger = engine.open().await;
    ledger.close().await.unwrap();
    let error = ledger.accept(inbound("a", "hi")).await.unwrap_err();
    assert_eq!(error.to_string(), "the ledger is closed");
    ledger.claim("a").await.unwrap_err();
}

pub(crate) async fn a_file_that_is_known_is_not_imported_again(engine: Engine) {
    let ledger = engine.open().await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a_1.jsonl"), "{}\n").unwrap();
    let first = import_sessions(&*ledger, directory.path(), &HashSet::new()).await.unwrap();
    assert_eq!(first.imported, ["a:1"]);
    ledger.delete_session("a:1").await.unwrap();
    let known = first.files.into_iter().collect();
    let second = import_sessions(&*ledger, directory.path(), &known).await.unwrap();
    assert!(second.imported.is_empty() && second.files.is_empty());
}
