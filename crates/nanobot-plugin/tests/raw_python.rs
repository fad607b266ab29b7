//! The plugin without a library speaks the protocol: a host that is scripted line by line talks to it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

struct Host {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    folder: PathBuf,
}

fn program(folder: &Path) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("examples/nanobot-channel-echo-python-raw/nanobot-channel-echo");
    let mut command = Command::new("python3");
    command.arg(path.canonicalize().expect("it is in the repository"));
    command.current_dir(folder).stderr(Stdio::piped());
    command
}

fn folder(name: &str) -> PathBuf {
    let name = format!("nanobot-raw-python-{}-{name}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    folder
}

impl Host {
    fn spawn(name: &str) -> Self {
        let folder = folder(name);
        let mut child = program(&folder)
            .env("NANOBOT_PLUGIN", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let stdout = child.stdout.take().expect("it is piped");
        Self {
            stdin: child.stdin.take().expect("it is piped"),
            stdout: BufReader::new(stdout),
            child,
            folder,
        }
    }

    fn write(&mut self, line: &Value) {
        writeln!(self.stdin, "{line}").expect("the plugin reads");
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it is text");
        serde_json::from_str(&line).expect("it is JSON")
    }

    fn call(&mut self, id: u64, method: &str, params: &Value) -> Value {
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let answer = self.read();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    fn start(&mut self) {
        let hello = json!({
            "protocol_versions": [1], "host": {"name": "test", "version": "1"}, "instance": "echo",
        });
        let answer = self.call(1, "initialize", &hello);
        assert_eq!(answer["result"]["channel"]["kind"], "echo");
        let folder = self.folder.clone();
        let start = json!({"config": {}, "state_dir": folder, "media_dir": folder});
        assert_eq!(self.call(2, "channel/start", &start)["result"], json!({}));
        assert_eq!(self.read()["params"]["state"], "connected");
    }

    /// Moves a note into place, as its readers may rely on.
    fn put_note(&self, name: &str, text: &str) -> PathBuf {
        let draft = self.folder.join(name);
        let note = self.folder.join("inbox").join(name);
        std::fs::write(&draft, text).expect("the folder is writable");
        std::fs::rename(draft, &note).expect("the inbox is there");
        note
    }

    fn outbox(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join("outbox").join(name)).expect("it was answered")
    }

    fn exit_status(mut self) -> Option<i32> {
        drop(self.stdin);
        let status = self.child.wait().expect("it can be waited for");
        let _ = std::fs::remove_dir_all(&self.folder);
        status.code()
    }
}

#[test]
fn a_note_stays_until_the_host_has_stored_it_and_the_answer_is_written_once() {
    let mut host = Host::spawn("note");
    host.start();
    let note = host.put_note("ada.txt", "Hi");

    let busy = json!({"code": -32001, "message": "busy", "data": {"kind": "overloaded", "retry_after_ms": 1}});
    let offered = host.read();
    assert_eq!(offered["method"], "message/received");
    assert_eq!(offered["params"]["text"], "Hi");
    host.write(&json!({"jsonrpc": "2.0", "id": offered["id"], "error": busy}));
    let again = host.read();
    assert_eq!(again["params"], offered["params"]);
    assert!(note.exists());
    host.write(&json!({"jsonrpc": "2.0", "id": again["id"], "result": {"accepted": true}}));

    let delivery = json!({
        "delivery_id": "d1", "chat": {"id": "ada"}, "text": "Hello!", "kind": "final", "attempt": 1,
    });
    for id in [3, 4] {
        let answer = host.call(id, "message/send", &delivery);
        assert_eq!(answer["result"], json!({"platform_ids": []}));
    }
    assert!(!note.exists());
    assert_eq!(host.outbox("ada.txt"), "Hello!\n");

    let answer = host.call(5, "moon/phase", &json!({}));
    assert_eq!(answer["error"]["data"]["kind"], "unsupported");
    let stop = json!({"grace_ms": 1000, "reason": "stop"});
    assert_eq!(host.call(6, "shutdown", &stop)["result"], json!({}));
    assert_eq!(host.exit_status(), Some(0));
}

#[test]
fn an_unknown_version_is_refused_with_status_76() {
    let mut host = Host::spawn("version");
    let hello = json!({
        "protocol_versions": [2], "host": {"name": "test", "version": "1"}, "instance": "echo",
    });
    let answer = host.call(1, "initialize", &hello);
    assert_eq!(answer["error"]["data"]["kind"], "unsupported");
    assert_eq!(host.exit_status(), Some(76));
}

#[test]
fn started_by_hand_it_says_what_it_is() {
    let folder = folder("hand");
    let output = program(&folder).output().expect("python3 is installed");
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("start it with `nanobot gateway`"), "{text}");
    let _ = std::fs::remove_dir_all(folder);
}
