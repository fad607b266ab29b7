//! Looking at a ledger's file without opening it.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::fs;
use std::path::{Path, PathBuf};

use nanobot_channel::InboundMessage;
use nanobot_ledger::{
    InboundEntry, Ledger, OpenError, SqliteLedger, SqliteOptions, inspect, now_ms,
};
use rusqlite::Connection;
use tempfile::TempDir;

/// An open ledger that holds these texts.
async fn ledger_with(texts: &[&str]) -> (TempDir, PathBuf, SqliteLedger) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let ledger = SqliteLedger::open(SqliteOptions::new(&path)).await.unwrap();
    for text in texts {
        let message = InboundMessage::new("ada", "den", *text);
        let (id, channel, session) = ((*text).into(), "parrot".into(), "s".into());
        ledger
            .accept(InboundEntry { id, channel, session, received_ms: now_ms(), message })
            .await
            .unwrap();
    }
    (folder, path, ledger)
}

async fn waiting(path: &Path) -> usize {
    let ledger = SqliteLedger::open(SqliteOptions::new(path)).await.unwrap();
    ledger.unanswered(10).await.unwrap().len()
}

#[tokio::test]
async fn a_sound_file_is_told_with_its_version_and_keeps_what_it_holds() {
    let (_folder, path, ledger) = ledger_with(&["a", "b"]).await;
    ledger.close().await.unwrap();
    let found = inspect(&path).unwrap();
    assert_eq!(found.version, found.newest);
    assert_eq!(waiting(&path).await, 2);
}

#[tokio::test]
async fn an_older_file_is_not_brought_to_the_newest_version() {
    let (_folder, path, ledger) = ledger_with(&[]).await;
    ledger.close().await.unwrap();
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 1).unwrap();
    drop(file);
    for _ in 0..2 {
        let found = inspect(&path).unwrap();
        assert_eq!(found.version, 1);
        assert!(found.newest > 1);
    }
}

#[tokio::test]
async fn an_open_ledger_is_left_alone() {
    let (_folder, path, ledger) = ledger_with(&["a"]).await;
    let error = inspect(&path).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    assert_eq!(ledger.unanswered(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn damage_in_the_middle_of_a_file_is_found() {
    let (_folder, path, ledger) = ledger_with(&["a", "b"]).await;
    ledger.close().await.unwrap();
    let mut bytes = fs::read(&path).unwrap();
    // The first page, which opening reads, is whole.
    bytes[4096..].fill(b'x');
    fs::write(&path, &bytes).unwrap();
    let error = inspect(&path).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn no_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    inspect(&path).unwrap_err();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
