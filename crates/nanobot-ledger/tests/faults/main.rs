//! What the engine in a file promises when the disk is slow, full or broken.
#![cfg(unix)]

mod disk;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nanobot_ledger::{Accepted, Ledger, OpenError, Settlement, SqliteLedger, SqliteOptions};
use support::{answer, claimed_text, crash_copy, event, inbound, open, unasked, waiting};
use tempfile::TempDir;
use tokio::task::JoinSet;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let path = directory.path().join("ledger.sqlite");
    (directory, path)
}

#[tokio::test]
async fn an_acknowledgement_comes_only_after_the_sync_of_its_batch() {
    let disk = disk::take().await;
    let (_directory, path) = place();
    let ledger = Arc::new(open(&path).await);
    disk.hold_syncs();
    let accepting = tokio::spawn({
        let ledger = Arc::clone(&ledger);
        async move { ledger.accept(inbound("a", "hi")).await }
    });
    disk.sync_began().await;
    tokio::task::yield_now().await;
    assert!(!accepting.is_finished());
    disk.release_syncs();
    assert_eq!(accepting.await.unwrap().unwrap(), Accepted::New);
}

#[tokio::test]
async fn what_waits_for_the_disk_together_shares_one_sync() {
    let disk = disk::take().await;
    let (_directory, path) = place();
    let ledger = Arc::new(open(&path).await);
    disk.hold_syncs();
    let mut accepting = JoinSet::new();
    let sent = Arc::new(AtomicUsize::new(0));
    let accept = |session: usize| {
        let (ledger, sent) = (Arc::clone(&ledger), Arc::clone(&sent));
        async move {
            let accepting = ledger.accept(inbound(&session.to_string(), "hi"));
            // This runtime has one thread: nobody sees the number before the message is sent.
            sent.fetch_add(1, Ordering::Relaxed);
            accepting.await
        }
    };
    accepting.spawn(accept(0));
    disk.sync_began().await;
    for session in 1..=100 {
        accepting.spawn(accept(session));
    }
    while sent.load(Ordering::Relaxed) <= 100 {
        tokio::task::yield_now().await;
    }
    let before = disk.syncs();
    disk.release_syncs();
    while let Some(accepted) = accepting.join_next().await {
        assert_eq!(accepted.unwrap().unwrap(), Accepted::New);
    }
    assert_eq!(disk.syncs() - before, 2);
}

#[tokio::test]
async fn claims_and_marks_of_deliveries_wait_for_no_sync() {
    let disk = disk::take().await;
    let (_directory, path) = place();
    let ledger = open(&path).await;
    ledger.accept(inbound("a", "hi")).await.unwrap();
    ledger.commit_turn(unasked("a", &[], &["d1"])).await.unwrap();
    let before = disk.syncs();
    ledger.claim("a").await.unwrap();
    ledger.begin_delivery("d1").await.unwrap();
    let dead = Settlement::Dead { reason: "gone".into() };
    ledger.settle("d1", dead).await.unwrap();
    assert_eq!(disk.syncs(), before);
}

#[tokio::test]
async fn a_claim_that_nobody_waits_for_is_given_back() {
    let disk = disk::take().await;
    let (_directory, path) = place();
    let ledger = Arc::new(open(&path).await);
    ledger.accept(inbound("a", "hi")).await.unwrap();
    let spawn = |session: &'static str| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move { claimed_text(&*ledger, session).await })
    };
    // The disk is busy: a claim is sent and its caller gone before it is looked at.
    disk.hold_syncs();
    let other = Arc::clone(&ledger);
    let accepting = tokio::spawn(async move { other.accept(inbound("b", "hi")).await });
    disk.sync_began().await;
    let claiming = spawn("a");
    tokio::task::yield_now().await;
    claiming.abort();
    assert!(claiming.await.unwrap_err().is_cancelled());
    disk.release_syncs();
    accepting.await.unwrap().unwrap();
    assert_eq!(spawn("a").await.unwrap().as_deref(), Some("hi"));
}

#[tokio::test]
async fn a_full_disk_refuses_messages_and_hands_out_what_is_there() {
    let disk = disk::take().await;
    let (_directory, path) = place();
    let ledger = open(&path).await;
    let entry = inbound("a", "one");
    ledger.commit_turn(unasked("a", &["old"], &["d1"])).await.unwrap();
    ledger.accept(entry.clone()).await.unwrap();

    disk.fill_up();
    let error = ledger.accept(event("webhook", "7")).await.unwrap_err();
    assert_eq!(error.to_string(), "failed to store the message");
    assert!(std::error::Error::source(&error).is_some());
    let claim = ledger.claim("a").await.unwrap().unwrap();
    assert_eq!((claim.inbound, claim.history), (entry.clone(), vec!["old".to_owned()]));
    assert_eq!(claimed_text(&ledger, "a").await, None, "it is claimed");
    ledger.commit_turn(answer(&entry, &["d2"])).await.unwrap_err();
    assert_eq!(waiting(&ledger).await, [("d1".to_owned(), false)]);

    disk.recover();
    ledger.commit_turn(answer(&entry, &["d2"])).await.unwrap();
    let accepted = ledger.accept(event("webhook", "7")).await.unwrap();
    assert_eq!(accepted, Accepted::New);
    assert_eq!(claimed_text(&ledger, "a").await.as_deref(), Some("hi"));
}

#[tokio::test]
async fn a_message_whose_sync_failed_was_not_accepted_and_harms_no_other() {
    let disk = disk::take().await;
    let (_directory, path) = place();
    let ledger = open(&path).await;
    ledger.accept(inbound("a", "before")).await.unwrap();
    disk.fail_syncs();
    ledger.accept(event("webhook", "7")).await.unwrap_err();
    disk.recover();
    let accepted = ledger.accept(event("webhook", "7")).await.unwrap();
    assert_eq!(accepted, Accepted::New);
    let crashed = open(&crash_copy(&path)).await;
    let claim = crashed.claim("a").await.unwrap().unwrap();
    assert_eq!(claim.inbound.message.text, "before");
    crashed.commit_turn(answer(&claim.inbound, &[])).await.unwrap();
    assert_eq!(claimed_text(&crashed, "a").await.as_deref(), Some("hi"));
}

#[tokio::test]
async fn after_a_failed_sync_the_log_is_copied_before_anything_is_accepted() {
    let disk = disk::take().await;
    let (_directory, path) = place();
    let ledger = open(&path).await;
    ledger.accept(inbound("a", "before")).await.unwrap();
    disk.fail_syncs();
    ledger.accept(inbound("a", "lost")).await.unwrap_err();
    disk.recover();
    ledger.accept(inbound("a", "after")).await.unwrap();
    // Whatever the log lost, the file has what was accepted before.
    let copy = crash_copy(&path);
    std::fs::remove_file(support::with_suffix(&copy, "-wal")).unwrap();
    let file = open(&copy).await;
    assert_eq!(claimed_text(&file, "a").await.as_deref(), Some("before"));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_refused_with_a_hint() {
    let disk = disk::take().await;
    let (_directory, path) = place();
    open(&path).await.close().await.unwrap();
    disk.protect();
    let error = SqliteLedger::open(SqliteOptions::new(&path)).await.unwrap_err();
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("writable"));
}
