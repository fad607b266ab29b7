//! The fake server notices what Telegram would not take.

use serde_json::{Value, json};

use crate::support::Bench;

async fn call(bench: &Bench, method: &str, params: &Value) -> Value {
    let url = format!("{}/bot{}/{method}", bench.fake.api_base(), bench.fake.token());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.post(url).json(params).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn wrong_calls_are_violations() {
    let bench = Bench::new().await;
    bench.fake.know_chat(7);
    // The channel installs the TLS provider that the client needs.
    bench.start().await.stop().await;
    let html = |text: &str| json!({"chat_id": 7, "text": text, "parse_mode": "HTML"});
    let wrong = [
        ("sendMessage", json!({"chat_id": 7})),
        ("sendMessage", json!({"chat_id": 7, "text": "a", "colour": "red"})),
        ("sendMessage", json!({"chat_id": "seven", "text": "a"})),
        ("sendMessage", json!({"chat_id": 7, "text": " "})),
        ("sendMessage", json!({"chat_id": 7, "text": "😀".repeat(2049)})),
        ("sendMessage", html("<b>open")),
        ("sendMessage", html("<b><code>x</code></b>")),
        ("sendMessage", html("<h1>x</h1>")),
        ("editMessageText", json!({"chat_id": 7, "message_id": 99, "text": "not mine"})),
        ("sendPhoto", json!({"chat_id": 7, "photo": "/etc/passwd"})),
        ("setMyCommands", json!({"commands": [{"command": "Big", "description": "x"}]})),
        ("explode", json!({})),
    ];
    for (method, params) in &wrong {
        assert_eq!(call(&bench, method, params).await["ok"], json!(false), "{method} {params}");
    }
    assert_eq!(bench.fake.take_violations().len(), wrong.len());
}

#[tokio::test]
async fn call_before_the_end_of_a_pause_is_a_violation() {
    let bench = Bench::new().await;
    bench.fake.know_chat(7);
    bench.start().await.stop().await;
    let message = json!({"chat_id": 7, "text": "a"});
    bench.fake.misbehave("sendMessage", nanobot_test_support::Mischief::TooMany(60));
    let refused = call(&bench, "sendMessage", &message).await;
    assert_eq!(refused["parameters"]["retry_after"], json!(60));
    call(&bench, "sendMessage", &message).await;
    assert_eq!(bench.fake.take_violations().len(), 1);
}

#[tokio::test]
async fn newer_question_for_updates_ends_the_older() {
    let bench = Bench::new().await;
    bench.start().await.stop().await;
    let params = json!({"timeout": 30});
    let asked = bench.fake.calls_of("getUpdates").len();
    let older = call(&bench, "getUpdates", &params);
    let newer = async {
        bench.fake.wait_for_calls("getUpdates", asked + 1).await;
        call(&bench, "getUpdates", &json!({"timeout": 0})).await
    };
    let (older, newer) = tokio::join!(older, newer);
    assert_eq!(older["error_code"], json!(409));
    assert_eq!(newer["ok"], json!(true));
}
