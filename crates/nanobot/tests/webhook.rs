//! The whole road: a POST to the webhook plugin, the gateway, a model server, and the posted answer.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use nanobot_test_support::{FakeModel, FakeReply, Step, TestGateway};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");

/// The webhook plugin of the examples, built if the whole workspace was not.
fn plugin() -> PathBuf {
    let plugin = Path::new(BINARY).with_file_name("nanobot-channel-webhook");
    if !plugin.exists() {
        let build = ["build", "--quiet", "--package", "nanobot-channel-webhook"];
        let status = Command::new(env!("CARGO")).args(build).status();
        assert!(status.expect("cargo runs").success(), "the webhook plugin cannot be built");
    }
    plugin
}

/// Listens for posted answers.
async fn callbacks() -> (String, mpsc::Receiver<Value>) {
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

/// A gateway with the webhook plugin and a model server, and the address to post to.
async fn gateway(model: &FakeModel, callback_url: &str) -> (TestGateway, String) {
    gateway_with(model, callback_url, json!([])).await
}

/// The same, with models that answer when the first one does not.
async fn gateway_with(
    model: &FakeModel,
    callback_url: &str,
    fallbacks: Value,
) -> (TestGateway, String) {
    let folder = plugin().parent().expect("a folder").to_owned();
    let gateway = TestGateway::builder(BINARY)
        .config(json!({
            "agents": {"defaults": {
                "model": "test-model", "provider": "custom", "fallbackModels": fallbacks,
            }},
            "providers": {
                "custom": {"apiBase": model.base_url()},
                "groq": {"apiBase": model.base_url(), "apiKey": "key"},
            },
            "channels": {"webhook": {
                "enabled": true, "port": 0, "allowFrom": ["ada"],
                "callbackUrl": callback_url, "streaming": true,
            }},
        }))
        .env("PATH", folder.to_str().expect("a path in UTF-8"))
        .start()
        .await;
    let address = listening(&gateway, "").await;
    (gateway, address)
}

/// Waits until the plugin listens at another address than `before`.
async fn listening(gateway: &TestGateway, before: &str) -> String {
    let is_up = |table: &str| address_in(table).is_some_and(|it| it != before);
    let table = gateway.command_until(BINARY, &["channels", "status"], is_up).await;
    address_in(&table).expect("an address").to_owned()
}

fn address_in(table: &str) -> Option<&str> {
    let line = table.lines().find(|line| line.starts_with("webhook"))?;
    line.contains(" connected ").then_some(())?;
    line.split_once("listening on ").map(|(_, address)| address.trim())
}

async fn send(address: &str, text: &str) -> (u16, Value) {
    let body = json!({"sender": "ada", "chat_id": "c1", "text": text});
    let client = http_post(address, &body).await;
    (client.0, serde_json::from_str(&client.1).expect("the plugin answers in JSON"))
}

/// One HTTP request by hand: the test needs no client for more.
async fn http_post(address: &str, body: &Value) -> (u16, String) {
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
async fn answer(answers: &mut mpsc::Receiver<Value>) -> Vec<Value> {
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

#[tokio::test]
async fn a_posted_message_is_answered_piece_by_piece_through_plugin_and_model_server() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let (_gateway, address) = gateway(&model, &callback_url).await;
    let rest = [
        Step::Stall,
        Step::Text("lo, Ada!".into()),
        Step::End { input_tokens: 5, output_tokens: 3 },
    ];
    model.push(rest.into_iter().fold(FakeReply::partial(["Hel"]), FakeReply::then));
    assert_eq!(send(&address, "Hello?").await, (200, json!({"ok": true})));
    let first = answers.recv().await.expect("a first piece is posted");
    assert_eq!(first, json!({"chat_id": "c1", "text": "Hel", "final": false}));
    model.release();
    let rest = answer(&mut answers).await;
    let expected = json!({"chat_id": "c1", "text": "Hello, Ada!", "final": true});
    assert_eq!(rest.last(), Some(&expected));
    assert!(model.last_request().last_user_text().ends_with("Hello?"));
}

#[tokio::test]
async fn a_killed_plugin_comes_back_and_the_gateway_goes_on() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let (gateway, address) = gateway(&model, &callback_url).await;
    gateway.kill_plugin("nanobot-channel-webhook");
    let is_down = |table: &str| table.contains("killed by signal 9");
    gateway.command_until(BINARY, &["channels", "status"], is_down).await;
    let address = listening(&gateway, &address).await;
    model.push(FakeReply::text("Still here."));
    assert_eq!(send(&address, "Are you?").await.0, 200);
    let posts = answer(&mut answers).await;
    assert_eq!(posts.last().expect("a post")["text"], "Still here.");
}

#[tokio::test]
async fn what_cannot_be_a_message_is_refused_and_says_why() {
    let model = FakeModel::start().await;
    let (callback_url, _answers) = callbacks().await;
    let (_gateway, address) = gateway(&model, &callback_url).await;
    let null = json!({"sender": "ada", "chat_id": "c1", "text": null});
    let stranger = json!({"sender": "mallory", "chat_id": "c1", "text": "hi"});
    let large = json!({"sender": "ada", "chat_id": "c1", "text": "a".repeat(2_000_000)});
    for (body, expected) in [(null, 422), (stranger, 403), (large, 413)] {
        assert_eq!(http_post(&address, &body).await.0, expected);
    }
    assert_eq!(model.request_count(), 0);
}

#[tokio::test]
async fn a_file_that_the_agent_sends_reaches_the_plugin_and_one_of_nanobot_itself_does_not() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let (gateway, address) = gateway(&model, &callback_url).await;
    let cat = gateway.data_dir().join("workspace/cat.png");
    std::fs::write(&cat, "a picture").expect("a file can be written");
    let config = gateway.data_dir().join("config.json");
    std::os::unix::fs::symlink(config, cat.with_file_name("dog.png")).expect("a link can be made");
    model.push(FakeReply::tool_call("message", &json!({"content": "A dog", "media": ["dog.png"]})));
    model.push(FakeReply::tool_call("message", &json!({"content": "A cat", "media": ["cat.png"]})));
    model.push(FakeReply::blank());
    assert_eq!(send(&address, "An animal?").await.0, 200);
    let posts = answer(&mut answers).await;
    let cat = cat.canonicalize().expect("it is there");
    let expected = json!({"chat_id": "c1", "text": "A cat", "final": true, "media": [cat]});
    assert_eq!(posts, [expected]);
    let refused = &model.last_request().tool_results()[0].to_owned();
    assert!(refused.contains("outside of the folders"), "{refused}");
}

#[tokio::test]
async fn fallback_models_are_listed_and_chosen_with_a_command() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let fallbacks = json!(["groq/other-model"]);
    let (_gateway, address) = gateway_with(&model, &callback_url, fallbacks).await;
    let mut ask = async |text: &str| {
        assert_eq!(send(&address, text).await.0, 200);
        let posts = answer(&mut answers).await;
        posts.last().expect("a post")["text"].as_str().expect("a text").to_owned()
    };
    let listed = ask("/model").await;
    let expected = "- `test-model` (answers in this session)\n- `groq/other-model`\n";
    assert!(listed.contains(expected), "{listed}");
    let chosen = ask("/model groq/other-model").await;
    assert!(chosen.starts_with("`groq/other-model` answers in this session"), "{chosen}");
    model.push(FakeReply::text("From the other."));
    assert_eq!(ask("Hello?").await, "From the other.");
    assert_eq!(model.last_request().model(), "other-model");
    let status = ask("/status").await;
    for line in ["- Model: groq/other-model\n", "- Last answer: groq/other-model, "] {
        assert!(status.contains(line), "{status}");
    }
    // The one that was chosen is asked first; the configured one becomes its fallback.
    model.push(FakeReply::status(401, ""));
    model.push(FakeReply::text("From the first."));
    assert_eq!(ask("And now?").await, "From the first.");
    assert_eq!(model.last_request().model(), "test-model");
    let status = ask("/status").await;
    assert!(status.contains("- Last answer: test-model, "), "{status}");
}
