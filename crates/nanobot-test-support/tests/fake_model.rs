//! The fake model refuses what a real provider would refuse.

use nanobot_test_support::{FakeModel, FakeModelOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends one request by hand, without any client that would put it right.
async fn post(fake: &FakeModel, headers: &str, body: &Value) -> String {
    let address = fake.root_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.expect("the fake model accepts");
    let body = body.to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the answer is text");
    answer
}

fn message(role: &str, content: &str) -> Value {
    json!({"role": role, "content": content})
}

#[tokio::test]
async fn each_violation_of_the_protocol_is_refused_and_remembered() {
    let user = message("user", "hi");
    for (body, what) in [
        (json!({"messages": [user]}), "`model`"),
        (json!({"model": "m"}), "`messages` is missing or empty"),
        (json!({"model": "m", "messages": [message("robot", "hi")]}), "not a known role"),
        (json!({"model": "m", "messages": [message("user", "")]}), "content` is empty"),
        (json!({"model": "m", "messages": [user, user]}), "follow one another"),
        (
            json!({"model": "m", "messages": [message("assistant", "hi"), user]}),
            "begin with a user",
        ),
        (json!({"model": "m", "messages": [user, message("assistant", "hi")]}), "end with a user"),
        (
            json!({"model": "m", "messages": [user, message("system", "hi"), user]}),
            "a system message",
        ),
        (json!({"model": "m", "messages": [user], "stream_options": {}}), "`stream_options`"),
    ] {
        let fake = FakeModel::start().await;
        let answer = post(&fake, "", &body).await;
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
        let violations = fake.take_violations();
        assert!(violations.len() == 1 && violations[0].contains(what), "{violations:?}");
    }
}

#[tokio::test]
async fn a_missing_key_is_a_violation_and_a_wrong_one_is_refused() {
    let options = FakeModelOptions { required_key: Some("right".to_owned()), ..Default::default() };
    let fake = FakeModel::start_with(options).await;
    let body = json!({"model": "m", "messages": [message("user", "hi")]});
    assert!(post(&fake, "", &body).await.starts_with("HTTP/1.1 500"));
    assert_eq!(fake.take_violations().len(), 1);
    assert!(
        post(&fake, "Authorization: Bearer wrong\r\n", &body).await.starts_with("HTTP/1.1 401")
    );
    assert!(
        post(&fake, "Authorization: Bearer right\r\n", &body).await.starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn the_echo_comes_without_the_runtime_context_streamed_or_whole() {
    let fake = FakeModel::start().await;
    let said = message("user", "[Runtime Context — facts]\nChannel: x\n\nhello \"you\"");
    let whole = post(&fake, "", &json!({"model": "m", "messages": [said]})).await;
    assert!(whole.contains(r#""content":"hello \"you\"""#), "{whole}");
    let streamed =
        post(&fake, "", &json!({"model": "m", "messages": [said], "stream": true})).await;
    assert!(
        streamed.contains(r#"{"content":"hello "}"#) && streamed.contains("[DONE]"),
        "{streamed}"
    );
    assert_eq!(fake.request_count(), 2);
}
