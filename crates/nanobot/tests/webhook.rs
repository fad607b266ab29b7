//! The whole road: a POST to the webhook plugin, the gateway, a model server, and the posted answer.

mod webhook_road;

use nanobot_test_support::{FakeModel, FakeReply, Step};
use serde_json::json;
use webhook_road::{
    BINARY, answer, callbacks, config, gateway, http_post, listening, send, started,
};

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
async fn a_model_that_falls_silent_ends_the_stream_with_what_it_said_and_a_notice() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let mut config = config(&model, &callback_url);
    config["agents"]["defaults"]["streamIdleTimeoutS"] = json!(1);
    let (_gateway, address) = started(config).await;
    model.push(FakeReply::partial(["So far"]).then(Step::Stall));
    assert_eq!(send(&address, "Hello?").await.0, 200);
    let posts = answer(&mut answers).await;
    let expected = "So far\n\n`custom` has been silent for too long. Please try again.";
    assert_eq!(posts.last().expect("a post")["text"], expected);
    // The session is free again.
    model.push(FakeReply::text("Here I am."));
    send(&address, "Are you there?").await;
    assert_eq!(answer(&mut answers).await.last().expect("a post")["text"], "Here I am.");
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
    let mut posts = answer(&mut answers).await;
    let media = posts[0]["media"].take();
    let expected = json!({"chat_id": "c1", "text": "A cat", "final": true, "media": null});
    assert_eq!(posts, [expected]);
    // A plugin cannot see the workspace; it gets a copy, or the file itself where there are no walls.
    let [path] = media.as_array().expect("a list").as_slice() else { panic!("{media}") };
    let path = std::path::Path::new(path.as_str().expect("a path"));
    assert_eq!((path.is_absolute(), path.file_name()), (true, cat.file_name()));
    let refused = &model.last_request().tool_results()[0].to_owned();
    assert!(refused.contains("outside of the folders"), "{refused}");
}

#[tokio::test]
async fn fallback_models_are_listed_and_chosen_with_a_command() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let mut config = config(&model, &callback_url);
    config["agents"]["defaults"]["fallbackModels"] = json!(["groq/other-model"]);
    config["providers"]["groq"] = json!({"apiBase": model.base_url(), "apiKey": "key"});
    let (_gateway, address) = started(config).await;
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
