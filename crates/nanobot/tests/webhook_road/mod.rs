//! A gateway with the webhook plugin, a listener for its answers, and a client that posts messages.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part of this")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use nanobot_test_support::{FakeModel, TestGateway};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");

/// The webhook plugin of the examples, built if the whole workspace was not.
pub(crate) fn plugin() -> PathBuf {
    let plugin = Path::new(BINARY).with_file_name("nanobot-channel-webhook");
    if !plugin.exists() {
        let build = ["build", "--quiet", "--package", "nanobot-channel-webhook"];
        let status = Command::new(env!("CARGO")).args(build).status();
        assert!(status.expect("cargo runs").success(), "the webhook plugin cannot be built");
    }
    plugin
}

/// Listens for posted answers.
pub(crate) async fn callbacks() -> (String, mpsc::Receiver<Value>) {
    let (heard, answers) = mpsc::channel(1_000);
    let hear = |State(heard): State<mpsc::Sender<Value>>, Json(body): Json<Value>| async move {
        heard.send(body).await.expect("the test listens");
    };
    let app = Router::new().route("/replies", post(hear)).with_state(heard);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, app).into_future());
    (format!("http://{address}/replies"), answers)
}

/// A home in which the webhook plugin is installed.
pub(crate) fn home_with_plugin() -> TempDir {
    let home = tempfile::tempdir().expect("a folder can be made");
    let folder = home.path().join(".nanobot/plugins/bin");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let place = folder.join("nanobot-channel-webhook");
    std::os::unix::fs::symlink(plugin(), place).expect("a link can be made");
    home
}

pub(crate) fn config(model: &FakeModel, callback_url: &str) -> Value {
    json!({
        "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
        "channels": {"webhook": {
            "enabled": true, "port": 0, "allowFrom": ["ada"],
            "callbackUrl": callback_url, "streaming": true,
        }},
    })
}

/// A gateway with the webhook plugin and a model server, and the address to post to.
pub(crate) async fn gateway(model: &FakeModel, callback_url: &str) -> (TestGateway, String) {
    started(config(model, callback_url)).await
}

/// The same with this config.
pub(crate) async fn started(config: Value) -> (TestGateway, String) {
    let gateway =
        TestGateway::builder(BINARY).home(home_with_plugin()).config(config).start().await;
    let address = listening(&gateway, "").await;
    (gateway, address)
}

/// Waits until the plugin listens at another address than `before`.
pub(crate) async fn listening(gateway: &TestGateway, before: &str) -> String {
    let is_up = |table: &str| address_in(table).is_some_and(|it| it != before);
    let table = gateway.command_until(BINARY, &["channels", "status"], is_up).await;
    address_in(&table).expect("an address").to_owned()
}

pub(crate) fn address_in(table: &str) -> Option<&str> {
    let line = table.lines().find(|line| line.starts_with("webhook"))?;
    line.contains(" connected ").then_some(())?;
    line.split_once("listening on ").map(|(_, address)| address.trim())
}

pub(crate) async fn send(address: &str, text: &str) -> (u16, Value) {
    send_to(address, "c1", text).await
}

/// Sends a message to a chat; status and body of the answer.
pub(crate) async fn send_to(address: &str, chat: &str, text: &str) -> (u16, Value) {
    let body = json!({"sender": "ada", "chat_id": chat, "text": text});
    let client = http_post(address, &body).await;
    (client.0, serde_json::from_str(&client.1).expect("the plugin answers in JSON"))
}

/// One HTTP request by hand: the test needs no client for more.
pub(crate) async fn http_post(address: &str, body: &Value) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let body = body.to_string();
    let head = format!(
        "POST /message HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the plugin listens");
    stream.write_all((head + &body).as_bytes()).await.expect("the plugin reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the plugin answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a code");
    (code, body.to_owned())
}

/// Collects the posts of one answer.
pub(crate) async fn answer(answers: &mut mpsc::Receiver<Value>) -> Vec<Value> {
    let mut posts = Vec::new();
    loop {
        let next = tokio::time::timeout(std::time::Duration::from_secs(60), answers.recv()).await;
        let post = next.expect("an answer is posted").expect("the listener runs");
        let is_final = post["final"] == true;
        posts.push(post);
        if is_final {
            return posts;
        }
    }
}

/// Makes a program of a script. Written by another process: a test that forks meanwhile would hold
/// our handle, and a file that is open for writing cannot be run.
pub(crate) fn install_script(place: &Path, script: &str) {
    let mut copy = Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(place)
        .stdin(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let mut stdin = copy.stdin.take().expect("stdin is piped");
    stdin.write_all(script.as_bytes()).expect("the shell reads");
    drop(stdin);
    assert!(copy.wait().expect("a child can be waited for").success(), "the script is installed");
}
