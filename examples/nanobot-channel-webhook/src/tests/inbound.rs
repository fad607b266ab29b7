use std::time::Duration;

use nanobot_plugin::{Acceptance, Attachment, ChannelError, ErrorKind, InboundMessage};
use serde_json::json;

use super::{client, post, webhook};
use crate::request::MAX_BODY_BYTES;

#[tokio::test]
async fn the_guides_request_is_accepted() {
    let (mut test, url) = webhook(None).await;
    let body = r#"{"sender": "user1", "chat_id": "user1", "text": "Hello!"}"#;
    assert_eq!(post(&url, body).await, (200, json!({"ok": true})));
    assert_eq!(test.receive().await, InboundMessage::new("user1", "user1", "Hello!"));
    assert_eq!(test.shutdown().await, 0);
}

#[tokio::test]
async fn what_is_left_out_has_defaults_and_numbers_are_ids() {
    let (mut test, url) = webhook(None).await;
    for (body, sender, chat, text) in [
        (r#"{"text":"a"}"#, "unknown", "unknown", "a"),
        (r#"{"text":"a","sender":null}"#, "unknown", "unknown", "a"),
        (r#"{"text":"a","sender":42}"#, "42", "42", "a"),
        (r#"{"text":"a","sender":"u","chat_id":-7}"#, "u", "-7", "a"),
        (r#"{"text":"","sender":"u"}"#, "u", "u", ""),
    ] {
        assert_eq!(post(&url, body).await.0, 200, "{body}");
        assert_eq!(test.receive().await, InboundMessage::new(sender, chat, text), "{body}");
    }
}

#[tokio::test]
async fn media_are_attached_and_need_no_text() {
    let (mut test, url) = webhook(None).await;
    let body = r#"{"sender":"u","media":["https://example.org/cat.png"]}"#;
    assert_eq!(post(&url, body).await.0, 200);
    let cat = Attachment::from_url("https://example.org/cat.png");
    let expected = InboundMessage::new("u", "u", "").with_attachments([cat]);
    assert_eq!(test.receive().await, expected);
}

#[tokio::test]
async fn a_wrong_body_is_refused_with_the_reason() {
    let (_test, url) = webhook(None).await;
    for (body, status, problem) in [
        ("{\"text\": }", 400, "the body is not JSON: expected value at line 1 column 10"),
        ("", 400, "the body is not JSON: EOF while parsing a value at line 1 column 0"),
        ("[]", 400, "the body is not a JSON object"),
        (r#"{"sender":"u"}"#, 422, "text is missing"),
        (r#"{"text":null}"#, 422, "text must be a string"),
        (r#"{"text":5}"#, 422, "text must be a string"),
        (
            r#"{"text":"a","sender":""}"#,
            422,
            "sender must be a string that is not empty, or a number",
        ),
        (
            r#"{"text":"a","media":["/etc/passwd"]}"#,
            422,
            "media must be a list of http or https addresses",
        ),
    ] {
        let expected = json!({"ok": false, "error": problem});
        assert_eq!(post(&url, body).await, (status, expected), "{body}");
    }
}

#[tokio::test]
async fn a_body_of_more_than_a_mebibyte_is_refused() {
    let (mut test, url) = webhook(None).await;
    let frame = r#"{"text":""}"#.len();
    let body = |length: usize| format!(r#"{{"text":"{}"}}"#, "a".repeat(length - frame));
    assert_eq!(post(&url, body(MAX_BODY_BYTES)).await.0, 200);
    test.receive().await;
    let (status, answer) = post(&url, body(MAX_BODY_BYTES + 1)).await;
    assert_eq!((status, &answer["ok"]), (413, &json!(false)));
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_json() {
    let (_test, url) = webhook(None).await;
    let answer = client().get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "POST");
    assert_eq!(post(&format!("{url}s"), "{}").await.0, 404);
}

#[tokio::test]
async fn what_the_gateway_says_is_what_the_client_hears() {
    let (mut test, url) = webhook(None).await;
    let body = r#"{"text":"a","event_id":7}"#;
    test.answer_with(Ok(Acceptance::Denied));
    let denied = json!({"ok": false, "error": "the sender is not on the allow-list"});
    assert_eq!(post(&url, body).await, (403, denied));
    test.answer_with(Ok(Acceptance::Duplicate));
    assert_eq!(post(&url, body).await, (200, json!({"ok": true, "duplicate": true})));
    assert_eq!(test.receive().await.event_id.as_deref(), Some("7"));

    let busy = ChannelError::new(ErrorKind::Overloaded, "the gateway is busy");
    test.answer_with(Err(busy.with_retry_after(Duration::from_millis(1200))));
    let answer = client().post(&url).body(body).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (503, &"2".parse().unwrap())
    );
}
