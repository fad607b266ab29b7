//! The real program, with a host that writes the lines itself.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

struct Host {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nanobot-channel-webhook"));
    command.env_clear().kill_on_drop(true);
    command
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(Duration::from_secs(10), work).await;
    result.expect("the program is quick")
}

impl Host {
    fn spawn() -> Self {
        let mut child = program()
            .env("NANOBOT_PLUGIN", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(stdout).lines(),
            stderr: BufReader::new(stderr).lines(),
            child,
        }
    }

    async fn write(&mut self, line: Value) {
        let stdin = self.stdin.as_mut().expect("it is open");
        stdin.write_all(format!("{line}\n").as_bytes()).await.expect("the program reads");
    }

    async fn read(&mut self) -> Value {
        let line = soon(self.stdout.next_line()).await.expect("it is text");
        serde_json::from_str(&line.expect("the program is alive")).expect("it is JSON")
    }

    async fn call(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.write(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        let mut answer = self.read().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer["result"].take()
    }

    /// Up to the running channel; its address.
    async fn start(&mut self) -> String {
        let hello = json!({
            "protocol_versions": [1], "host": {"name": "test", "version": "1"},
            "instance": "webhook", "log_level": "info",
        });
        let answer = self.call(1, "initialize", hello).await;
        assert_eq!(answer["channel"], json!({"kind": "webhook", "display_name": "Webhook"}));
        let start = json!({"config": {"port": 0}, "state_dir": "/tmp", "media_dir": "/tmp"});
        assert_eq!(self.call(2, "channel/start", start).await, json!({}));
        let status = self.read().await;
        assert_eq!(status["params"]["state"], "connected");
        let message = status["params"]["message"].as_str().expect("it is text");
        message.strip_prefix("listening on ").expect("it says where").to_owned()
    }

    async fn exit_status(mut self) -> Option<i32> {
        self.stdin = None;
        soon(self.child.wait()).await.expect("it can be waited for").code()
    }
}

async fn post(address: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let length = body.len();
    let request = format!(
        "POST /message HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer
}

#[tokio::test]
async fn a_post_is_answered_only_after_the_host_has_accepted() {
    let mut host = Host::spawn();
    let address = host.start().await;
    let logged = soon(host.stderr.next_line()).await.expect("it is text").expect("it logs");
    let logged: Value = serde_json::from_str(&logged).expect("it is JSON");
    assert_eq!(logged["message"], format!("Webhook listening on {address}."));

    let posting =
        tokio::spawn(async move { post(&address, r#"{"sender":"ada","text":"Hi"}"#).await });
    let received = host.read().await;
    assert_eq!(received["method"], "message/received");
    assert_eq!(received["params"]["chat"]["id"], "ada");
    assert!(!posting.is_finished());
    let id = &received["id"];
    host.write(json!({"jsonrpc": "2.0", "id": id, "result": {"accepted": true}})).await;
    let answer = soon(posting).await.expect("it ran");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"ok\":true}"), "{answer}");

    let stop = json!({"grace_ms": 5000, "reason": "stop"});
    assert_eq!(host.call(3, "shutdown", stop).await, json!({}));
    assert_eq!(host.exit_status().await, Some(0));
}

#[tokio::test]
async fn end_of_input_ends_the_program() {
    let mut host = Host::spawn();
    host.start().await;
    assert_eq!(host.exit_status().await, Some(0));
}

#[tokio::test]
async fn a_host_of_another_version_is_told_and_left_with_status_76() {
    let mut host = Host::spawn();
    let hello = json!({
        "protocol_versions": [9], "host": {"name": "test", "version": "1"}, "instance": "webhook",
    });
    host.write(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})).await;
    assert_eq!(host.read().await["error"]["data"]["kind"], "unsupported");
    assert_eq!(host.exit_status().await, Some(76));
}

#[tokio::test]
async fn started_by_hand_it_says_what_it_is() {
    let output = soon(program().output()).await.expect("it runs");
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8(output.stderr).expect("it is text");
    assert!(text.contains("start it with `nanobot gateway`"), "{text}");
    let output = soon(program().arg("--version").output()).await.expect("it runs");
    assert_eq!(output.stdout, b"nanobot-channel-webhook 0.1.0\n");
}
