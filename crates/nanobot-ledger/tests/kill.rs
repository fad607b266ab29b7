//! A process that is killed in the middle of its work.
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nanobot_ledger::{Ledger, OpenError, SessionPage, SqliteLedger, SqliteOptions};
use support::{answer, inbound, open};

/// Names the ledger to the process that is going to be killed.
const PATH: &str = "NANOBOT_TEST_LEDGER";
/// Confirmed messages after which it is killed.
const CONFIRMED: usize = 200;

#[tokio::test]
async fn a_killed_process_has_lost_nothing_that_it_confirmed() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let path = directory.path().join("ledger.sqlite");
    let mut child = worker(&path);
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut confirmed = Vec::new();
    for line in output.lines().map_while(Result::ok) {
        if let Some((_, id)) = line.split_once("confirmed ") {
            confirmed.push(id.to_owned());
        }
        if confirmed.len() == CONFIRMED / 2 {
            let refused = SqliteLedger::open(SqliteOptions::new(&path)).await;
            assert!(matches!(refused, Err(OpenError::InUse { .. })), "{refused:?}");
        }
        if confirmed.len() == CONFIRMED {
            child.kill().expect("it runs");
        }
    }
    child.wait().expect("it ends");
    assert!(confirmed.len() >= CONFIRMED);

    let ledger = open(&path).await;
    for id in &confirmed {
        assert!(ledger.trace(id).await.expect("it is read").is_some(), "{id}");
    }
    let sessions = ledger.sessions(SessionPage::default()).await.expect("they are read");
    assert!(sessions.iter().any(|it| it.key == "a"));
}

fn worker(path: &PathBuf) -> Child {
    let program = std::env::current_exe().expect("it has a name");
    Command::new(program)
        .args(["--exact", "works_until_it_is_killed", "--ignored", "--nocapture"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// The process above; not a test of its own.
#[tokio::test]
#[ignore = "runs until it is killed"]
async fn works_until_it_is_killed() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let ledger = open(&PathBuf::from(path)).await;
    loop {
        let entry = inbound("a", "hi");
        ledger.accept(entry.clone()).await.expect("it is stored");
        println!("confirmed {}", entry.id);
        ledger.claim("a").await.expect("it is read");
        ledger.commit_turn(answer(&entry, &[&entry.id])).await.expect("it is stored");
        ledger.begin_delivery(&entry.id).await.expect("it is marked");
    }
}
