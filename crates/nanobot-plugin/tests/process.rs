//! A careless plugin in a process of its own: the SDK keeps the link clean and the exit orderly.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

struct Host {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Host {
    fn spawn() -> Self {
        let test = std::env::current_exe().expect("it is running");
        let profile = test.ancestors().nth(2).expect("cargo has folders");
        let mut child = Command::new(profile.join("examples/clumsy"))
            .env("NANOBOT_PLUGIN", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("`cargo test` without a filter for targets builds the example");
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().expect("it is piped")),
            stderr: BufReader::new(child.stderr.take().expect("it is piped")),
            child,
        }
    }

    fn started(config: &Value) -> Self {
        let mut host = Self::spawn();
        let hello = json!({
            "protocol_versions": [1], "host": {"name": "test", "version": "1"},
            "instance": "clumsy", "log_level": "debug",
        });
        let answer = host.call(1, "initialize", &hello);
        let plugin = json!({"name": "nanobot-channel-clumsy", "version": "1.2.3"});
        assert_eq!(answer["result"]["plugin"], plugin);
        let start = json!({"config": config, "state_dir": "/tmp", "media_dir": "/tmp"});
        assert_eq!(host.call(2, "channel/start", &start)["result"], json!({}));
        assert_eq!(host.read()["params"]["state"], "connected");
        host
    }

    fn ask(&mut self, id: u64, method: &str, params: &Value) {
        let line = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let stdin = self.stdin.as_mut().expect("it is open");
        writeln!(stdin, "{line}").expect("the plugin reads");
    }

    fn call(&mut self, id: u64, method: &str, params: &Value) -> Value {
        self.ask(id, method, params);
        let answer = self.read();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    fn send(&mut self, id: u64, text: &str) {
        let message = json!({
            "delivery_id": format!("d{id}"), "chat": {"id": format!("c{id}")}, "text": text,
            "kind": "final", "attempt": 1,
        });
        self.ask(id, "message/send", &message);
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it is text");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?} is noise: {error}"))
    }

    fn wait_for_log(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            let bytes = self.stderr.read_line(&mut line).expect("it is text");
            assert!(bytes > 0, "the log ended");
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it is running");
    }

    /// Exit status and the log, after the end of stdin or what came before.
    fn end(mut self) -> (Option<i32>, String) {
        self.stdin = None;
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).expect("it is text");
        let status = self.child.wait().expect("it can be waited for");
        (status.code(), log)
    }
}

#[test]
fn what_a_channel_and_its_children_print_goes_to_the_log() {
    let (status, log) = Host::started(&json!({})).end();
    assert_eq!(status, Some(0));
    assert!(log.starts_with("debug: starting\nchild\n"), "{log}");
    let line: Value = serde_json::from_str(log.lines().nth(2).expect("it logs")).expect("JSON");
    assert_eq!(line["level"], "debug");
    assert_eq!(line["message"], "The child has ended.");
    assert_eq!(line["target"], "clumsy");
    assert!(line["fields"]["status"].is_string());
}

#[test]
fn a_panic_is_answered_and_logged_as_json() {
    let mut host = Host::started(&json!({}));
    host.send(3, "panic");
    assert_eq!(host.read()["error"]["data"]["kind"], "internal");
    let (status, log) = host.end();
    assert_eq!(status, Some(0));
    let line = log.lines().find(|line| line.contains("The channel panicked.")).expect("it logs");
    let line: Value = serde_json::from_str(line).expect("it is JSON");
    assert_eq!(line["level"], "error");
    assert_eq!(line["fields"]["panic"], "asked to");
}

#[test]
fn a_ping_is_answered_though_all_threads_are_blocked() {
    let mut host = Host::started(&json!({}));
    for id in 3..9 {
        host.send(id, "block");
    }
    for _ in 0..2 {
        host.wait_for_log("Blocking a thread.");
    }
    let answer = host.call(9, "ping", &json!({}));
    assert_eq!(answer["result"]["deliveries_in_flight"], 6);
    host.child.kill().expect("it is running");
}

#[test]
fn a_hanging_channel_does_not_keep_the_process() {
    let mut host = Host::started(&json!({"hangs": true}));
    let stop = json!({"grace_ms": 200, "reason": "stop"});
    assert_eq!(host.call(3, "shutdown", &stop)["result"], json!({}));
    let (status, log) = host.end();
    assert_eq!(status, Some(0));
    assert!(log.contains("is left behind"), "{log}");
}

#[test]
fn ctrl_c_is_left_to_the_host_and_sigterm_stops_in_order() {
    let mut host = Host::started(&json!({}));
    host.signal(Signal::INT);
    assert!(host.call(3, "ping", &json!({})).get("result").is_some());
    host.signal(Signal::TERM);
    let status = host.child.wait().expect("it can be waited for");
    assert_eq!(status.code(), Some(0));
}
