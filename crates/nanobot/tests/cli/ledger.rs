//! A ledger that cannot be used: told with what to do, and left as it is.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nanobot_ledger::{Ledger, SqliteLedger, SqliteOptions};
use nanobot_test_support::TestGateway;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::books;
use crate::home::{BINARY, Home};

/// What each command is made to meet.
const COMMANDS: [&[&str]; 3] =
    [&["gateway", "--port", "0"], &["deliveries"], &["sessions", "list"]];

/// A user without any rights of its own.
const NOBODY: u32 = 65_534;

fn file(home: &Home) -> PathBuf {
    home.data_dir().join("ledger.sqlite")
}

#[track_caller]
fn check(home: &Home, problem: &str, hint: &str) {
    let read = || std::fs::read(file(home)).expect("the file is there");
    let before = read();
    for args in COMMANDS {
        let said = home.run(args).failed(1);
        assert!(said.contains("Error: ") && said.contains(problem), "{args:?}: {said}");
        assert!(said.contains("hint: ") && said.contains(hint), "{args:?}: {said}");
        assert!(read() == before, "{args:?} changed the file");
    }
}

#[test]
fn text_in_its_place_is_told() {
    let home = Home::new();
    std::fs::create_dir_all(home.data_dir()).unwrap();
    std::fs::write(file(&home), "not a database, but a text of some length").unwrap();
    check(&home, "ledger.sqlite is damaged", "nothing was changed");
}

#[tokio::test]
async fn damaged_pages_are_told() {
    let home = Home::new();
    books::fill(&home).await;
    let mut bytes = std::fs::read(file(&home)).unwrap();
    bytes[100..4096].fill(0xA5);
    std::fs::write(file(&home), bytes).unwrap();
    check(&home, "ledger.sqlite is damaged", "sqlite3");
}

#[tokio::test]
async fn newer_version_is_told() {
    let home = Home::new();
    books::fill(&home).await;
    let mut bytes = std::fs::read(file(&home)).unwrap();
    // The number that `PRAGMA user_version` reads.
    bytes[60..64].copy_from_slice(&9_u32.to_be_bytes());
    std::fs::write(file(&home), bytes).unwrap();
    check(&home, "has version 9, this nanobot knows versions up to", "update nanobot");
}

#[tokio::test]
async fn missing_file_beside_its_log_is_told() {
    let home = Home::new();
    std::fs::create_dir_all(home.data_dir()).unwrap();
    let log = home.data_dir().join("ledger.sqlite-wal");
    std::fs::write(&log, "what is left").unwrap();
    for args in COMMANDS {
        let said = home.run(args).failed(1);
        assert!(said.contains("its write-ahead log is there"), "{said}");
    }
    assert_eq!(std::fs::read_to_string(log).unwrap(), "what is left");
}

#[test]
fn folder_in_its_place_is_told() {
    let home = Home::new();
    std::fs::create_dir_all(file(&home)).unwrap();
    for args in COMMANDS {
        let said = home.run(args).failed(1);
        assert!(said.contains("Error: ") && said.contains("ledger.sqlite"), "{said}");
    }
    assert!(file(&home).is_dir());
}

#[tokio::test]
async fn folder_that_cannot_be_written_is_told() {
    let home = Home::with_config_text("{}");
    books::fill(&home).await;
    std::fs::create_dir(home.workspace()).unwrap();
    let before = std::fs::read(file(&home)).unwrap();
    let _writable_again = ReadOnly::make(&home);
    for args in COMMANDS {
        let output = unprivileged(&home, args).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("Error: cannot lock ") || said.contains(" cannot be written"),
            "{said}"
        );
        assert!(said.contains("hint: make ") && said.contains("writable for this user"), "{said}");
    }
    assert!(std::fs::read(file(&home)).unwrap() == before);
}

/// Data that may be read only, until this is dropped: it could not be removed.
struct ReadOnly(PathBuf);

impl ReadOnly {
    fn make(home: &Home) -> Self {
        let folder = home.data_dir();
        let entries = std::fs::read_dir(&folder).expect("a folder of ours").flatten();
        entries.for_each(|entry| set_mode(&entry.path(), 0o444));
        set_mode(&folder, 0o555);
        set_mode(home.path(), 0o755);
        Self(folder)
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        set_mode(&self.0, 0o755);
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
}

/// A command of somebody who may not write everywhere, as root may. The program lies in the home
/// then, where others can reach it.
fn unprivileged(home: &Home, args: &[&str]) -> Command {
    if !rustix::process::geteuid().is_root() {
        return home.command(args);
    }
    let program = home.path().join("nanobot");
    if !program.exists() {
        // By another process: a test that forks meanwhile would hold our handle for writing, and a
        // file that is open for writing cannot be run.
        let copied = Command::new("cp").arg(BINARY).arg(&program).status();
        assert!(copied.expect("there is cp").success(), "the program can be copied");
    }
    let mut command = Command::new(program);
    command.args(args).env_clear().env("HOME", home.path()).uid(NOBODY).gid(NOBODY);
    command
}

#[tokio::test]
async fn second_gateway_with_another_config_in_the_same_folder_is_refused() {
    let gateway = TestGateway::builder(BINARY).start().await;
    let other = gateway.data_dir().join("other.json");
    std::fs::write(&other, "{}").unwrap();
    let other = other.display().to_string();
    let args = ["gateway", "--port", "0", "--config", &other];
    let second = gateway.command(BINARY, &args).await;
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("is already running with the data in"), "{said}");
    assert_eq!(gateway.get("/health").await.0, 200);
}

#[tokio::test]
async fn gateway_waits_for_a_command_that_looks_into_the_ledger() {
    let home = Home::new();
    books::fill(&home).await;
    let ledger = SqliteLedger::open(SqliteOptions::new(file(&home))).await.unwrap();
    let mut gateway = tokio::process::Command::from(home.command(&["gateway", "--port", "0"]))
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(gateway.stderr.take().unwrap()).lines();
    while !log.next_line().await.unwrap().expect("it waits").contains("Waiting for commands") {}
    ledger.close().await.unwrap();
    let mut said = BufReader::new(gateway.stdout.take().unwrap()).lines();
    while !said.next_line().await.unwrap().expect("it starts").contains("Listening on ") {}
}
