//! What only the engine in a file does: crashes, damaged files, locks, bounds.
#![expect(clippy::unwrap_used, reason = "these are tests, and what they share")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use nanobot_ledger::{
    Accepted, Ledger, OpenError, SqliteLedger, SqliteOptions, TurnCommit, TurnUsage,
};
use rusqlite::Connection;
use support::{
    answer, claimed_text, crash_copy, event, inbound, open, unasked, waiting, with_suffix,
};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let path = directory.path().join("ledger.sqlite");
    (directory, path)
}

async fn refusal(path: &Path) -> OpenError {
    SqliteLedger::open(SqliteOptions::new(path)).await.unwrap_err()
}

#[tokio::test]
async fn a_killed_ledger_has_everything_that_was_confirmed() {
    let (_directory, path) = place();
    let ledger = open(&path).await;
    ledger.commit_turn(unasked("a", &["old"], &[])).await.unwrap();
    let claimed = event("webhook", "1");
    ledger.accept(claimed.clone()).await.unwrap();
    ledger.accept(inbound("a", "waiting")).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.checkpoint(&claimed.id, "[1]".into()).await.unwrap();

    let ledger = open(&crash_copy(&path)).await;
    assert_eq!(ledger.waiting_sessions().await.unwrap(), ["a"]);
    let accepted = ledger.accept(event("webhook", "1")).await.unwrap();
    assert_eq!(accepted, Accepted::Duplicate);
    let claim = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!((&claim.inbound, claim.attempt), (&claimed, 2));
    assert_eq!(claim.history, ["old"]);
    assert_eq!(claim.checkpoint.as_deref(), Some("[1]"));
    ledger.commit_turn(answer(&claimed, &[])).await.unwrap();
    assert_eq!(claimed_text(&ledger, "a").await.as_deref(), Some("waiting"));
}

#[tokio::test]
async fn a_delivery_under_way_at_a_crash_is_unknown_and_stays_marked() {
    let (_directory, path) = place();
    let ledger = open(&path).await;
    let commit = unasked("a", &[], &["tried", "new", "failed"]);
    ledger.commit_turn(commit).await.unwrap();
    ledger.begin_delivery("tried").await.unwrap();
    ledger.begin_delivery("failed").await.unwrap();
    let failed = nanobot_ledger::FailedTry { reason: "refused".into(), is_unknown: false };
    ledger.fail_try("failed", failed).await.unwrap();

    let ledger = open(&crash_copy(&path)).await;
    let expected = [("tried", true), ("new", false), ("failed", false)];
    let expected = expected.map(|(id, is_unknown)| (id.to_owned(), is_unknown));
    assert_eq!(waiting(&ledger).await, expected);
    assert!(ledger.begin_delivery("tried").await.unwrap());
    let next = &ledger.waiting_deliveries().await.unwrap()[0];
    assert_eq!((next.entry.message.attempt, next.is_unknown), (3, true));
}

#[tokio::test]
async fn after_a_crash_of_the_machine_every_waiting_delivery_is_unknown() {
    let (_directory, path) = place();
    let ledger = open(&path).await;
    let commit = unasked("a", &[], &["d1"]);
    ledger.commit_turn(commit).await.unwrap();
    let crashed = crash_copy(&path);
    in_another_run_of_the_machine(&crashed);
    let crashed = open(&crashed).await;
    assert_eq!(waiting(&crashed).await, [("d1".to_owned(), true)]);

    ledger.close().await.unwrap();
    in_another_run_of_the_machine(&path);
    let closed = open(&path).await;
    assert_eq!(waiting(&closed).await, [("d1".to_owned(), false)]);
}

fn in_another_run_of_the_machine(path: &Path) {
    let file = Connection::open(path).unwrap();
    let sql = "UPDATE facts SET value = 'another' WHERE name = 'boot'";
    assert_eq!(file.execute(sql, []).unwrap(), 1);
}

#[tokio::test]
async fn a_torn_end_of_the_log_costs_only_what_was_torn() {
    let (_directory, path) = place();
    let ledger = open(&path).await;
    ledger.accept(inbound("a", "whole")).await.unwrap();
    let whole = fs::metadata(with_suffix(&path, "-wal")).unwrap().len();
    ledger.accept(inbound("b", "torn")).await.unwrap();
    let copy = crash_copy(&path);
    let log = fs::OpenOptions::new().write(true).open(with_suffix(&copy, "-wal")).unwrap();
    assert!(log.metadata().unwrap().len() > whole);
    log.set_len(whole + 100).unwrap();
    let ledger = open(&copy).await;
    assert_eq!(ledger.waiting_sessions().await.unwrap(), ["a"]);
    let accepted = ledger.accept(inbound("b", "again")).await.unwrap();
    assert_eq!(accepted, Accepted::New);
}

#[tokio::test]
async fn a_damaged_file_is_refused_by_name_and_left_as_it_is() {
    let (_directory, path) = place();
    open(&path).await.close().await.unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[..100].fill(b'x');
    fs::write(&path, &bytes).unwrap();
    let error = refusal(&path).await;
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    let name = path.display().to_string();
    assert!(error.to_string().contains(&name));
    assert!(error.hint().unwrap().contains(&name));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn a_log_without_its_file_is_not_thrown_away() {
    let (_directory, path) = place();
    let ledger = open(&path).await;
    ledger.accept(inbound("a", "hi")).await.unwrap();
    let copy = crash_copy(&path);
    let log = fs::read(with_suffix(&copy, "-wal")).unwrap();
    fs::write(&copy, "").unwrap();
    for _ in 0..2 {
        let error = refusal(&copy).await;
        assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
        assert_eq!(fs::read(with_suffix(&copy, "-wal")).unwrap(), log);
        let _ = fs::remove_file(&copy);
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_with_both_versions() {
    let (_directory, path) = place();
    open(&path).await.close().await.unwrap();
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 7).unwrap();
    drop(file);
    let error = refusal(&path).await.to_string();
    assert!(error.ends_with("has version 7, this nanobot knows versions up to 2"), "{error}");
}

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_up_and_keeps_what_it_holds() {
    let (_directory, path) = place();
    let file = Connection::open(&path).unwrap();
    file.execute_batch(include_str!("../src/sqlite/migrations/1.sql")).unwrap();
    file.pragma_update(None, "application_id", 0x6e62_6f74).unwrap();
    file.pragma_update(None, "user_version", 1).unwrap();
    let message = serde_json::to_string(&inbound("a", "old").message).unwrap();
    let sql = "INSERT INTO inbox (id, channel, session, received_ms, accepted_ms, message)
               VALUES ('1', 'webhook', 'a', 1, 1, ?1)";
    file.execute(sql, [message]).unwrap();
    drop(file);
    let ledger = open(&path).await;
    assert_eq!(claimed_text(&ledger, "a").await.as_deref(), Some("old"));
    let usage = TurnUsage {
        channel: "webhook".into(),
        model: "m".into(),
        input_tokens: 1,
        cached_tokens: 0,
        output_tokens: 1,
        took_ms: 1,
    };
    let commit = TurnCommit { usage: Some(usage.clone()), ..unasked("a", &[], &[]) };
    ledger.commit_turn(commit).await.unwrap();
    ledger.close().await.unwrap();
    assert_eq!(open(&path).await.session_usage("a").await.unwrap().last, Some(usage));
}

#[tokio::test]
async fn a_database_of_something_else_is_refused() {
    let (_directory, path) = place();
    let file = Connection::open(&path).unwrap();
    file.execute_batch("CREATE TABLE photos (name TEXT)").unwrap();
    drop(file);
    let error = refusal(&path).await;
    assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
}

#[tokio::test]
async fn a_ledger_in_use_is_refused_until_it_is_closed() {
    let (_directory, path) = place();
    let ledger = open(&path).await;
    let error = refusal(&path).await;
    assert!(error.to_string().ends_with("is in use by another nanobot"), "{error}");
    ledger.accept(inbound("a", "hi")).await.unwrap();
    ledger.close().await.unwrap();
    let again = open(&path).await;
    assert_eq!(claimed_text(&again, "a").await.as_deref(), Some("hi"));
}

#[tokio::test]
async fn a_closed_ledger_is_one_file() {
    let (directory, path) = place();
    let ledger = open(&path).await;
    ledger.accept(inbound("a", "hi")).await.unwrap();
    ledger.close().await.unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn the_backlog_is_counted_again_at_the_start() {
    let (_directory, path) = place();
    let options = SqliteOptions { waiting: 2, ..SqliteOptions::new(&path) };
    let ledger = SqliteLedger::open(options.clone()).await.unwrap();
    ledger.accept(inbound("a", "one")).await.unwrap();
    ledger.accept(inbound("a", "two")).await.unwrap();
    ledger.claim("a").await.unwrap();
    ledger.close().await.unwrap();
    let ledger = SqliteLedger::open(options).await.unwrap();
    let accepted = ledger.accept(inbound("b", "hi")).await.unwrap();
    assert_eq!(accepted, Accepted::Full);
}

#[tokio::test]
async fn a_claim_carries_the_newest_history_within_its_bounds() {
    #[track_caller]
    fn check(claimed: &[String], expected: &[&str]) {
        assert_eq!(claimed, expected);
    }
    for (entries, bytes, expected) in [
        (2, 100, &["333", "4444"][..]),
        (9, 7, &["333", "4444"]),
        (9, 6, &["4444"]),
        (9, 1, &["4444"]),
    ] {
        let (_directory, path) = place();
        let ledger = SqliteLedger::open(SqliteOptions {
            history_entries: entries,
            history_bytes: bytes,
            ..SqliteOptions::new(&path)
        });
        let ledger = ledger.await.unwrap();
        let commit = unasked("a", &["1", "22", "333", "4444"], &[]);
        ledger.commit_turn(commit).await.unwrap();
        ledger.accept(inbound("a", "hi")).await.unwrap();
        check(&ledger.claim("a").await.unwrap().unwrap().history, expected);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = place();
    let ledger = open(&path).await;
    ledger.accept(inbound("a", "hi")).await.unwrap();
    for suffix in ["", "-wal"] {
        let metadata = fs::metadata(with_suffix(&path, suffix)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{suffix}");
    }
}
