//! What a plugin asks of the gateway beside handing over messages.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use nanobot_channel::{Attachment, Location, Publication};
use serde_json::{Value, json};
use support::{Rig, fixture, patient, within_test_time};

async fn ask(rig: &Rig, method: &str, params: Value) -> Vec<String> {
    let order = Value::Object([(method.to_owned(), params)].into_iter().collect());
    rig.tell(&order.to_string()).await.unwrap()
}

#[tokio::test]
async fn a_running_plugin_is_told_what_this_gateway_offers() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let told = rig.tell("host").await.unwrap();
        assert_eq!(told, [json!({"sender_check": {}, "transcription": {}}).to_string()]);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn recordings_are_answered_with_their_words_or_with_why_not() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let recordings = json!([
            {"path": "/media/voice.ogg"},
            {"path": "/media/silence.ogg"},
            {"path": "/media/broken.ogg"},
            {"path": "/".repeat(5_000)},
            {},
        ]);
        let expected = [
            json!({"text": "words of /media/voice.ogg"}).to_string(),
            json!({"text": ""}).to_string(),
            "rejected null".to_owned(),
            "rejected null".to_owned(),
            "invalid null".to_owned(),
        ];
        assert_eq!(ask(&rig, "audio/transcribe", recordings).await, expected);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_to_another_channel_arrives_whole() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let file = rig.state_dir().join("plan.pdf");
        std::fs::write(&file, "plan").unwrap();
        let message = json!({
            "channel": "telegram", "chat": {"id": "42", "thread_id": "t"}, "text": "look",
            "attachments": [{"kind": "file", "path": file, "name": "plan.pdf"}],
            "reply_to": "m1", "metadata": {"x": 1},
        });
        assert_eq!(ask(&rig, "message/publish", json!([message])).await, ["{}"]);
        let attachment = Attachment {
            location: Location::Path(file.canonicalize().unwrap()),
            ..Attachment::from_path("plan.pdf")
        };
        let expected = Publication {
            thread_id: Some("t".into()),
            attachments: vec![attachment],
            reply_to: Some("m1".into()),
            metadata: [("x".to_owned(), json!(1))].into_iter().collect(),
            ..Publication::new("telegram", "42", "look")
        };
        assert_eq!(rig.inbox.log().published, [expected]);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_no_message_to_another_channel_may_be_is_refused() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let message = |text: &str, path: &str| {
            let file = json!({"kind": "file", "path": path});
            json!({"channel": "telegram", "chat": {"id": "42"}, "text": text, "attachments": [file]})
        };
        let messages = json!([
            message("look", "/etc/passwd"),
            message("look", "relative"),
            json!({"channel": "telegram", "chat": {"id": "42"}, "text": "a".repeat(1_100_000)}),
            json!({"channel": "telegram", "chat": {"id": "42"}, "text": "panic"}),
            json!({"channel": "telegram", "text": "nowhere"}),
        ]);
        let expected =
            ["rejected null", "rejected null", "rejected null", "internal null", "invalid null"];
        assert_eq!(ask(&rig, "message/publish", messages).await, expected);
        assert!(rig.inbox.log().published.is_empty());
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_what_the_plugin_vouches_for_is_handed_over_as_vouched() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let message = |sender: Value| json!({"chat": {"id": "c"}, "sender": sender, "text": "hi"});
        let outcomes = rig
            .offer(json!([
                message(json!({"id": "ada", "vouched": true})),
                message(json!({"id": "bob", "vouched": false})),
                message(json!({"id": "eve"})),
            ]))
            .await;
        assert_eq!(outcomes, ["accepted"; 3]);
        assert_eq!(rig.inbox.log().vouched, ["ada"]);
        rig.stop().await.unwrap();
    })
    .await;
}
