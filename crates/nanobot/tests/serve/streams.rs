use nanobot_test_support::{FakeReply, Step};
use serde_json::{Value, json};

use crate::world::{World, question, said};

fn streamed(text: &str) -> Value {
    let mut body = question(text);
    body["stream"] = json!(true);
    body
}

fn end() -> Step {
    Step::End { input_tokens: 3, output_tokens: 2 }
}

/// Text of all events but the last.
fn text(events: &[String]) -> String {
    let chunks = events.iter().filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let pieces =
        chunks.filter_map(|it| Some(it["choices"][0]["delta"]["content"].as_str()?.to_owned()));
    pieces.collect()
}

#[tokio::test]
async fn pieces_come_while_the_model_writes_and_in_the_documented_shape() {
    let world = World::start().await;
    world.model.push(
        FakeReply::partial(["Hel"]).then(Step::Stall).then(Step::Text("lo!".into())).then(end()),
    );
    let mut reply = world.send(&streamed("Hi")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/event-stream");
    let first = reply.chunk().await;
    let chunk = |delta: Value, finish_reason: Value| {
        json!({
            "id": first["id"], "object": "chat.completion.chunk", "created": first["created"],
            "model": "test-model",
            "choices": [
                {"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}
            ],
        })
    };
    assert!(first["id"].as_str().is_some_and(|id| id.starts_with("chatcmpl-")), "{first}");
    assert_eq!(first, chunk(json!({"role": "assistant", "content": ""}), Value::Null));
    assert_eq!(reply.chunk().await, chunk(json!({"content": "Hel"}), Value::Null));
    world.model.release();
    assert_eq!(reply.chunk().await, chunk(json!({"content": "lo!"}), Value::Null));
    assert_eq!(reply.chunk().await, chunk(json!({}), json!("stop")));
    assert_eq!(reply.events().await, ["[DONE]"]);
}

#[tokio::test]
async fn usage_comes_last_and_only_when_it_is_wanted() {
    let world = World::start().await;
    world.model.push(FakeReply::partial(["Hello"]).then(end()));
    let mut body = streamed("Hi");
    body["stream_options"] = json!({"include_usage": true});
    let events = world.send(&body).await.events().await;
    let chunks: Vec<Value> =
        events.iter().filter_map(|data| serde_json::from_str(data).ok()).collect();
    let (last, others) = chunks.split_last().unwrap();
    assert!(others.iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)), "{others:?}");
    assert_eq!(last["choices"], json!([]));
    let usage = json!({
        "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 0},
    });
    assert_eq!(last["usage"], usage);
    assert_eq!(events.last().map(String::as_str), Some("[DONE]"));
}

#[tokio::test]
async fn what_is_said_before_and_after_tools_is_kept_apart() {
    let world = World::start().await;
    world
        .model
        .push(FakeReply::partial(["I look."]).then_calls([("list_dir", r#"{"path": "."}"#)]));
    world.model.push(FakeReply::text("Nothing there."));
    let events = world.send(&streamed("What is there?")).await.events().await;
    assert_eq!(text(&events), "I look.\n\nNothing there.");
}

#[tokio::test]
async fn a_failure_ends_the_stream_with_an_error_and_not_as_if_all_were_well() {
    let world = World::start().await;
    world.model.push(FakeReply::status(401, r#"{"error": {"message": "wrong key"}}"#));
    let events = world.send(&streamed("Hi")).await.events().await;
    let last: Value = serde_json::from_str(events.last().unwrap()).unwrap();
    assert_eq!(last["error"]["type"], "server_error");
    assert_eq!(last["error"]["code"], "model_failed");
    assert!(!events.iter().any(|data| data.contains("\"stop\"")), "{events:?}");
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_turn_and_frees_its_session() {
    let world = World::start().await;
    world.model.push(FakeReply::partial(["Once upon"]).then(Step::Stall));
    let mut reply = world.send(&streamed("A story")).await;
    reply.chunk().await;
    assert_eq!(reply.chunk().await["choices"][0]["delta"]["content"], "Once upon");
    drop(reply);
    world.send(&question("And now?")).await.expect(200).await;
    let expected = said(&[("user", "A story"), ("assistant", "Once upon"), ("user", "And now?")]);
    assert_eq!(world.told(), expected);
}
