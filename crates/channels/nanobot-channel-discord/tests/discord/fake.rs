//! The fake server notices what Discord would not take.

use serde_json::{Value, json};

use crate::support::{Bench, CHAT};

async fn call(bench: &Bench, method: reqwest::Method, path: &str, body: &Value) -> u16 {
    let client = reqwest::Client::builder()
        .no_proxy()
        .user_agent("DiscordBot (https://example.org, 1.0)")
        .build()
        .unwrap();
    let request = client
        .request(method, format!("{}{path}", bench.fake.api_base()))
        .header("authorization", format!("Bot {}", bench.fake.token()));
    request.json(body).send().await.unwrap().status().as_u16()
}

fn message(changes: &Value) -> Value {
    let mut message = json!({
        "content": "a", "nonce": "n", "enforce_nonce": true, "allowed_mentions": {"parse": []}
    });
    for (key, value) in changes.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

#[tokio::test]
async fn wrong_calls_are_violations() {
    let bench = Bench::new().await;
    bench.fake.add_private_chat(CHAT);
    // The channel installs the TLS provider that the client needs.
    bench.start().await.stop().await;
    let create = format!("/channels/{CHAT}/messages");
    let wrong = [
        message(&json!({"content": ""})),
        message(&json!({"content": "x".repeat(2001)})),
        message(&json!({"content": "```\nopen"})),
        message(&json!({"nonce": "x".repeat(26)})),
        message(&json!({"enforce_nonce": false})),
        message(&json!({"allowed_mentions": {"parse": ["everyone"]}})),
        message(&json!({"message_reference": {"message_id": "5"}})),
        message(&json!({"attachments": [{"id": 0, "filename": "a"}]})),
        message(&json!({"colour": "red"})),
    ];
    for body in &wrong {
        assert_eq!(call(&bench, reqwest::Method::POST, &create, body).await, 400, "{body}");
    }
    let commands = json!([{"name": "Big", "description": "x"}]);
    let path = "/applications/98/commands";
    assert_eq!(call(&bench, reqwest::Method::PUT, path, &commands).await, 400);
    assert_eq!(call(&bench, reqwest::Method::POST, "/explode", &json!({})).await, 400);
    assert_eq!(bench.fake.take_violations().len(), wrong.len() + 2);
    let good = message(&json!({}));
    assert_eq!(call(&bench, reqwest::Method::POST, &create, &good).await, 200);
}

#[tokio::test]
async fn call_before_the_end_of_a_wait_is_a_violation() {
    let bench = Bench::new().await;
    bench.fake.add_private_chat(CHAT);
    bench.start().await.stop().await;
    let path = format!("/channels/{CHAT}/messages");
    bench.fake.misbehave("create", nanobot_test_support::DiscordMischief::TooMany(60_000));
    for _ in 0..2 {
        call(&bench, reqwest::Method::POST, &path, &message(&json!({}))).await;
    }
    assert_eq!(bench.fake.take_violations().len(), 1);
}
