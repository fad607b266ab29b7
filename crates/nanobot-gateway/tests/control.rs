//! What may be added to sessions over the control socket.
#![cfg(unix)]

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use common::{Stage, settings};
use nanobot_gateway::Settings;
use nanobot_gateway::control::{KEY_HEADER, SESSIONS_PATH, key_file};
use nanobot_ledger::{HistoryPage, Ledger, MemoryLedger, SessionPage};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// A gateway with a control socket.
struct House {
    folder: TempDir,
    ledger: Arc<MemoryLedger>,
    _stage: Stage,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Arc::new(MemoryLedger::default());
        let settings =
            Settings { control_socket: Some(folder.path().join("control")), ..settings() };
        let stage = Stage::with(Vec::new(), settings, Arc::clone(&ledger) as _).await;
        Self { folder, ledger, _stage: stage }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    /// The status and the answer to a history that is added to a session.
    async fn add(&self, session: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let key = std::fs::read_to_string(key_file(&self.socket())).expect("a key");
        self.add_with(&key, session, kind, body).await
    }

    async fn add_with(&self, key: &str, session: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let head = format!(
            "POST {SESSIONS_PATH}/{session}/history HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n{KEY_HEADER}: {key}\r\n\
             Connection: close\r\n\r\n",
            body.len()
        );
        let stream = UnixStream::connect(self.socket()).await.expect("the socket is open");
        let (mut reads, mut writes) = stream.into_split();
        let ask = async {
            writes.write_all(head.as_bytes()).await.expect("the gateway listens");
            // It may answer, and hang up, before it has heard everything.
            let _ = writes.write_all(body).await;
        };
        let hear = async {
            let mut answer = Vec::new();
            let _ = reads.read_to_end(&mut answer).await;
            String::from_utf8(answer).expect("an answer in UTF-8")
        };
        let ((), answer) =
            tokio::time::timeout(common::PATIENCE, async { tokio::join!(ask, hear) })
                .await
                .expect("the gateway answers");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let (_, said) = answer.split_once("\r\n\r\n").unwrap_or_default();
        (status.unwrap_or_default(), said.to_owned())
    }

    async fn add_entries(&self, entries: &[Value]) -> (u16, String) {
        let entries: Vec<String> = entries.iter().map(Value::to_string).collect();
        self.add_turn(&json!({ "history": entries })).await
    }

    async fn add_turn(&self, turn: &Value) -> (u16, String) {
        self.add("cli:direct", "application/json", turn.to_string().as_bytes()).await
    }

    async fn history(&self) -> Vec<String> {
        let page = HistoryPage { from: 0, limit: 10 };
        self.ledger.session_history("cli:direct", page).await.expect("a history")
    }

    #[track_caller]
    fn check(answer: &(u16, String), status: u16, expected: &str) {
        let problem: Value = serde_json::from_str(&answer.1).expect("a problem in JSON");
        let said = problem["error"].as_str().unwrap_or_default();
        assert!(answer.0 == status && !said.is_empty() && said.contains(expected), "{answer:?}");
    }
}

fn said(role: &str) -> Value {
    json!({"role": role, "content": "hello"})
}

#[tokio::test]
async fn who_reaches_the_socket_without_its_key_is_refused() {
    let house = House::new().await;
    let entries = json!([said("user").to_string()]).to_string();
    let key = std::fs::read_to_string(key_file(&house.socket())).expect("a key");
    let wrong = key.replace(key.chars().next().expect("a digit"), "x");
    for key in ["", &key[1..], &wrong] {
        let session = "cli:direct";
        let answer = house.add_with(key, session, "application/json", entries.as_bytes()).await;
        House::check(&answer, 403, "key of the control socket");
    }
    assert!(house.history().await.is_empty());
}

#[tokio::test]
async fn what_people_models_and_tools_said_is_added() {
    let house = House::new().await;
    let entries = [said("user"), said("assistant"), said("tool")];
    assert_eq!(house.add_entries(&entries).await, (204, String::new()));
    assert_eq!(house.history().await, entries.map(|entry| entry.to_string()));
}

#[tokio::test]
async fn what_a_turn_elsewhere_used_is_counted_under_its_names() {
    let house = House::new().await;
    let usage = |channel: &str| {
        json!({"channel": channel, "model": "big", "input_tokens": 7, "cached_tokens": 3,
               "output_tokens": 2, "took_ms": 10})
    };
    let turn = |channel| json!({"history": [], "usage": usage(channel)});
    House::check(&house.add_turn(&turn("")).await, 422, "channel and model of the usage");
    assert_eq!(house.add_turn(&turn("cli")).await, (204, String::new()));
    let used = house.ledger.session_usage("cli:direct").await.expect("the usage");
    assert_eq!(json!(used.last), usage("cli"));
    assert_eq!(used.total.turns, 1);
}

#[tokio::test]
async fn a_history_with_a_foreign_role_is_refused_as_a_whole() {
    let house = House::new().await;
    for (entry, expected) in [
        (said("system"), "entry 1 of the history has the role `system`"),
        (said("developer"), "entry 1 of the history cannot be understood: unknown variant"),
        (json!({"content": "hello"}), "missing field `role`"),
        (json!("hello"), "entry 1 of the history cannot be understood"),
    ] {
        House::check(&house.add_entries(&[said("user"), entry]).await, 422, expected);
    }
    assert!(house.history().await.is_empty());
}

#[tokio::test]
async fn a_history_that_is_too_large_is_refused() {
    let house = House::new().await;
    let large = vec![b' '; MAX_BODY_BYTES + 1];
    let refused = house.add("cli:direct", "application/json", &large).await;
    House::check(&refused, 413, "the turn is larger than 67108864 bytes");
    let refused = house.add_entries(&vec![said("user"); 10_001]).await;
    House::check(&refused, 413, "the history is larger than 10000 entries");
    let key = "k".repeat(1_025);
    let refused = house.add(&key, "application/json", br#"{"history":[]}"#).await;
    House::check(&refused, 413, "the key of the session is larger than 1024 bytes");
    let page = SessionPage { after: None, limit: 10 };
    assert!(house.ledger.sessions(page).await.expect("sessions").is_empty());
}

#[tokio::test]
async fn what_is_no_turn_in_json_is_refused_and_says_why() {
    let house = House::new().await;
    for (kind, body, status) in [
        ("text/plain", &b"{}"[..], 415),
        ("application/json", b"[", 400),
        ("application/json", b"{}", 422),
        ("application/json", br#"{"history":[1]}"#, 422),
    ] {
        House::check(&house.add("cli:direct", kind, body).await, status, "");
    }
    assert!(house.history().await.is_empty());
}
