use nanobot_test_support::{FakeReply, Step};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client;
use crate::world::{COMPLETIONS, World, question, said};

fn user(content: &Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

fn with(key: &str, value: Value) -> Value {
    let mut body = question("Hi");
    body[key] = value;
    body
}

#[tokio::test]
async fn requests_that_cannot_be_answered_are_refused_with_the_field() {
    let world = World::start().await;
    let picture = |url: &str| user(&json!([{"type": "image_url", "image_url": {"url": url}}]));
    let many: Vec<Value> = (0..17)
        .map(|_| json!({"type": "image_url", "image_url": {"url": "https://host/a.png"}}))
        .collect();
    let cases = [
        (json!([]), Value::Null, Value::Null, "must be a JSON object"),
        (json!({}), Value::Null, Value::Null, "missing field `messages`"),
        (json!({"messages": []}), json!("messages"), Value::Null, "must be one of the user"),
        (
            json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}),
            json!("messages"),
            Value::Null,
            "must be one of the user",
        ),
        (
            json!({"messages": [{"role": "tool", "content": "a"}]}),
            json!("messages[0].role"),
            Value::Null,
            "unknown variant `tool`",
        ),
        (user(&json!(5)), json!("messages[0].content"), Value::Null, "expected a text, or a list"),
        (user(&json!(" ")), json!("messages[0].content"), Value::Null, "the question is empty"),
        (user(&json!(many)), json!("messages[0].content"), Value::Null, "at most 16 attachments"),
        (
            picture("/etc/passwd"),
            json!("messages[0].content[0]"),
            Value::Null,
            "must begin with data:, http:// or https://",
        ),
        (
            picture("data:image/png;base64,%"),
            json!("messages[0].content[0]"),
            Value::Null,
            "not Base64",
        ),
        (with("model", json!("gpt-9")), json!("model"), json!("model_not_found"), "test-model"),
        (with("session_id", json!({})), json!("session_id"), Value::Null, "named by a text"),
        (with("session_id", json!("a\nb")), json!("session_id"), Value::Null, "200 characters"),
        (with("session_id", json!("x".repeat(201))), json!("session_id"), Value::Null, "200"),
        (with("n", json!(2)), json!("n"), json!("unsupported_parameter"), "one answer"),
        (with("tools", json!([{}])), json!("tools"), json!("unsupported_parameter"), "its own"),
        (
            with("response_format", json!({"type": "json_object"})),
            json!("response_format"),
            json!("unsupported_parameter"),
            "answers in text",
        ),
    ];
    for (body, param, code, message) in cases {
        let refused = world.send(&body).await.expect(400).await;
        let error = &refused["error"];
        assert_eq!((&error["param"], &error["code"]), (&param, &code), "{refused}");
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].as_str().is_some_and(|it| it.contains(message)), "{refused}");
    }
    assert_eq!(world.model.request_count(), 0);
}

#[tokio::test]
async fn what_clients_send_besides_is_not_looked_at() {
    let world = World::start().await;
    let mut body = question("Hi");
    for (key, value) in [
        ("temperature", json!(0.1)),
        ("max_tokens", json!(5)),
        ("n", json!(1)),
        ("tools", json!([])),
        ("user", json!("ada")),
        ("response_format", json!({"type": "text"})),
        ("stream", Value::Null),
    ] {
        body[key] = value;
    }
    world.send(&body).await.expect(200).await;
}

#[tokio::test]
async fn wrong_places_methods_and_bodies_are_told_in_the_same_shape() {
    let world = World::start().await;
    let multipart = ("content-type", "multipart/form-data; boundary=x");
    for (place, header, body, status, code) in [
        (("GET", "/v1/completions"), None, String::new(), 404, "unknown_url"),
        (("GET", "/v1/chat/completions"), None, String::new(), 405, "method_not_allowed"),
        (COMPLETIONS, Some(multipart), "--x--".to_owned(), 415, "unsupported_media_type"),
        (COMPLETIONS, None, "{\"messages\": []} {}".to_owned(), 400, ""),
        (COMPLETIONS, None, " ".repeat(20 * 1024 * 1024 + 1), 413, "request_too_large"),
    ] {
        let address = world.server.address();
        let reply = client::send(address, place, header.as_slice(), body).await;
        let refused = reply.expect(status).await;
        assert_eq!(refused["error"]["code"].as_str().unwrap_or_default(), code, "{refused}");
        assert_eq!(refused["error"]["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn a_model_that_fails_is_an_error_that_is_not_to_be_repeated() {
    let world = World::start().await;
    world.model.push(FakeReply::status(401, r#"{"error": {"message": "wrong key"}}"#));
    let reply = world.send(&question("Hi")).await;
    assert_eq!(reply.headers["x-should-retry"], "false");
    let refused = reply.expect(502).await;
    assert_eq!(refused["error"]["code"], "model_failed");
    assert_eq!(refused["error"]["type"], "server_error");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let world = World::with_api(&json!({"timeout": 0.3})).await;
    world.model.push(FakeReply::partial(["Once"]).then(Step::Stall));
    let reply = world.send(&question("A story")).await;
    assert_eq!(reply.headers["x-should-retry"], "false");
    let refused = reply.expect(504).await;
    assert_eq!(refused["error"]["message"], "the answer took longer than 0.3 s");
    world.send(&question("And now?")).await.expect(200).await;
    let expected = said(&[("user", "A story"), ("assistant", "Once"), ("user", "And now?")]);
    assert_eq!(world.told(), expected, "what was said until then is remembered");
}

#[tokio::test]
async fn requests_beyond_the_bound_are_told_to_come_again() {
    let world = World::start().await;
    world.model.set_default(FakeReply::partial([]).then(Step::Stall));
    let mut open = Vec::new();
    for number in 0..32 {
        let mut body = with("stream", json!(true));
        body["session_id"] = json!(number);
        let mut reply = world.send(&body).await;
        reply.chunk().await;
        open.push(reply);
    }
    let reply = world.send(&question("Me too")).await;
    assert_eq!(reply.headers["retry-after"], "1");
    let refused = reply.expect(429).await;
    assert_eq!(refused["error"]["type"], "rate_limit_error");
}

#[tokio::test]
async fn a_client_that_goes_away_before_its_answer_frees_its_session() {
    let world = World::start().await;
    world.model.push(FakeReply::partial(["Once"]).then(Step::Stall));
    let body = question("A story").to_string();
    let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
        world.server.address(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    world.model.wait_for_requests(1).await;
    drop(stream);
    world.send(&question("And now?")).await.expect(200).await;
    let told = world.told();
    assert!(told[0].1.starts_with("A story"), "{told:?}");
}
