use std::time::{SystemTime, UNIX_EPOCH};

use nanobot_test_support::{FakeModel, FakeReply, RecordedRequest, Step, TestGateway};
use serde_json::{Value, json};

use crate::client;
use crate::world::{BINARY, COMPLETIONS, World, config, question, text_of};

/// A picture of one point, in Base64.
const PICTURE: &str = "R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

#[tokio::test]
async fn answer_has_the_documented_shape_and_real_numbers() {
    let world = World::start().await;
    let end = Step::End { input_tokens: 11, output_tokens: 7 };
    world.model.push(FakeReply::partial(["Hel", "lo!"]).then(end));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut answer = world.send(&question("Hi")).await.expect(200).await;
    let id = answer["id"].take();
    assert!(id.as_str().is_some_and(|id| id.starts_with("chatcmpl-")), "{id}");
    let created = answer["created"].take().as_u64().unwrap();
    assert!((now..now + 60).contains(&created), "{created}");
    let expected = json!({
        "id": null, "object": "chat.completion", "created": null, "model": "test-model",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "Hello!", "refusal": null},
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn answer_after_tools_is_what_was_said_last_and_counts_every_round() {
    let world = World::start().await;
    world
        .model
        .push(FakeReply::partial(["I look."]).then_calls([("list_dir", r#"{"path": "."}"#)]));
    world.model.push(FakeReply::text("Nothing there."));
    let answer = world.send(&question("What is there?")).await.expect(200).await;
    assert_eq!(text_of(&answer), "Nothing there.");
    assert_eq!(answer["usage"]["total_tokens"], 4, "two calls of one token each way");
}

#[tokio::test]
async fn offline_model_answers_without_a_config() {
    let server = TestGateway::builder(BINARY).command("serve").without_config().start().await;
    let body = question("Anybody there?").to_string();
    let answer = client::send(server.address(), COMPLETIONS, &[], body).await.expect(200).await;
    let text = text_of(&answer);
    assert!(text.contains("offline model") && text.contains("> Anybody there?"), "{text}");
    let models = client::send(server.address(), ("GET", "/v1/models"), &[], "").await;
    assert_eq!(models.expect(200).await["data"][0]["id"], "offline");
}

#[tokio::test]
async fn each_configured_model_is_listed_and_can_be_chosen() {
    let model = FakeModel::start().await;
    let mut config = config(&model, &json!({}));
    config["agents"]["defaults"]["fallbackModels"] = json!(["groq/other-model"]);
    config["providers"]["groq"] = json!({"apiBase": model.base_url(), "apiKey": "key"});
    let server = TestGateway::builder(BINARY).command("serve").config(config).start().await;
    let world = World { model, server };
    let entry =
        |id: &str| json!({"id": id, "object": "model", "created": 0, "owned_by": "nanobot"});
    let expected =
        json!({"object": "list", "data": [entry("test-model"), entry("groq/other-model")]});
    assert_eq!(world.get("/v1/models").await.expect(200).await, expected);
    for (wanted, named) in [
        (Value::Null, "test-model"),
        (json!("test-model"), "test-model"),
        (json!("groq/other-model"), "groq/other-model"),
    ] {
        let mut body = question("Hi");
        body["model"] = wanted;
        let answer = world.send(&body).await.expect(200).await;
        assert_eq!(answer["model"], named);
    }
    let requests = world.model.requests();
    let asked: Vec<&str> = requests.iter().map(RecordedRequest::model).collect();
    assert_eq!(asked, ["test-model", "test-model", "other-model"]);
}

#[tokio::test]
async fn pictures_and_documents_in_the_request_reach_the_model() {
    let world = World::start().await;
    let document = "data:text/plain;base64,VGhlIGNvZGUgaXMgNDIu";
    let body = json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": format!("data:image/gif;base64,{PICTURE}")}},
        {"type": "file", "file": {"filename": "note.txt", "file_data": document}},
    ]}]});
    world.send(&body).await.expect(200).await;
    let asked = world.model.last_request().body.to_string();
    for expected in ["What is this?", PICTURE, "The code is 42."] {
        assert!(asked.contains(expected), "{expected} is missing: {asked}");
    }
    // The session names them, and the agent may look again.
    let kept = std::fs::read_dir(world.server.data_dir().join("media/api")).unwrap().count();
    assert_eq!(kept, 2);
}

#[tokio::test]
async fn instructions_of_the_program_come_with_the_question() {
    let world = World::start().await;
    let body = json!({"messages": [
        {"role": "system", "content": "Answer in French."},
        {"role": "user", "content": "Hi"},
    ]});
    world.send(&body).await.expect(200).await;
    assert_eq!(
        world.told(),
        crate::world::said(&[(
            "user",
            "[Instructions of the program that asks]\nAnswer in French.\n\n[Question]\nHi"
        )])
    );
}

#[tokio::test]
async fn health_is_told() {
    let world = World::start().await;
    assert_eq!(world.get("/health").await.expect(200).await, json!({"status": "ok"}));
}
