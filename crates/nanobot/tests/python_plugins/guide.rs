//! The steps of the guide: install the package, look, onboard, enable, run, talk.

use std::net::{Ipv4Addr, SocketAddr};

use nanobot_test_support::{FakeModel, FakeReply, TestGateway};
use serde_json::{Value, json};

use crate::web::{Callback, free_port, post_message};
use crate::world::{BINARY, World};

#[tokio::test]
async fn the_steps_of_the_guide_lead_to_a_channel_that_answers() {
    follow_the_guide(Answers::Whole).await;
}

#[tokio::test]
async fn the_steps_of_the_guide_lead_to_a_channel_that_streams() {
    follow_the_guide(Answers::Streamed).await;
}

#[derive(Clone, Copy, PartialEq)]
enum Answers {
    Whole,
    Streamed,
}

async fn follow_the_guide(answers: Answers) {
    let mut world = World::new();
    let distribution = world.distribution();
    world.pip_install("venv", &[distribution.to_str().unwrap()]);
    let example = world.example();
    world.pip_install("venv", &["-e", example.to_str().unwrap()]);
    let folder = world.path("venv").to_str().unwrap().to_owned();
    world.set("VIRTUAL_ENV", folder);
    let python = world.path("venv/bin/python3").display().to_string();
    talk(world, &python, answers).await;
}

#[tokio::test]
async fn an_installed_package_is_a_channel_that_answers() {
    let world = World::new();
    world.example();
    let said = world.run(&["plugins", "install", "./nanobot-channel-webhook"]).succeeded();
    assert!(said.contains("It works, and calls itself Webhook."), "{said}");
    let python = world.data("plugins/venvs/nanobot-channel-webhook/current/bin/python3");
    let python = python.display().to_string();
    talk(world, &python, Answers::Streamed).await;
}

/// From `plugins list` on.
async fn talk(world: World, python: &str, answers: Answers) {
    let list = world.run(&["plugins", "list"]).succeeded();
    let row = list.lines().find(|line| line.starts_with("webhook")).unwrap();
    let words: Vec<_> = row.split_whitespace().collect();
    let expected = ["webhook", "plugin", "no", "Webhook", "own", "folders,", "network", python];
    assert_eq!(words, expected);
    let said = world.run(&["onboard"]).succeeded();
    assert!(said.contains("Added channels.webhook"), "{said}");

    let model = FakeModel::start().await;
    let mut callback = Callback::start().await;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let section = enable(&world, &model, address, &callback.url, answers);
    assert_eq!(section["allowFrom"], json!([]), "as the package says it");
    let mut gateway = start(world).await;
    gateway.wait_for_stderr("Webhook listening on").await;

    model.push(FakeReply::pieces(["Hello ", "there", "!"]));
    let message = json!({"sender": "user1", "chat_id": "user1", "text": "Hello!"});
    let answer = post_message(address, &message).await;
    assert!(answer.ends_with("{\"ok\": true}"), "{answer}");
    let mut drafts = String::new();
    let last = loop {
        let reply = callback.next().await;
        assert_eq!(reply["chat_id"], "user1");
        let text = reply["text"].as_str().unwrap().to_owned();
        assert!(text.starts_with(&drafts), "{drafts:?} became {text:?}");
        if reply["final"] == true {
            break text;
        }
        drafts = text;
    };
    assert_eq!(last, "Hello there!");
    assert_eq!(!drafts.is_empty(), answers == Answers::Streamed, "{drafts:?}");
    assert_eq!(gateway.stop().await.code(), Some(0), "{}", gateway.stderr());
}

/// Starts the gateway with the config that is there.
pub(crate) async fn start(world: World) -> TestGateway {
    let environment = world.environment().to_vec();
    let builder = TestGateway::builder(BINARY).without_config().home(world.into_home());
    environment
        .into_iter()
        .fold(builder, |builder, (name, value)| builder.env(name, value))
        .start()
        .await
}

/// Edits the config as a person does; returns the section that was there.
fn enable(
    world: &World,
    model: &FakeModel,
    address: SocketAddr,
    callback: &str,
    answers: Answers,
) -> Value {
    let path = world.data("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let section = config["channels"]["webhook"].clone();
    let enabled = json!({
        "enabled": true, "port": address.port(), "callbackUrl": callback, "allowFrom": ["*"],
        "streaming": answers == Answers::Streamed
    });
    for (key, value) in enabled.as_object().unwrap() {
        config["channels"]["webhook"][key] = value.clone();
    }
    config["agents"]["defaults"]["model"] = json!("fake-model");
    config["agents"]["defaults"]["provider"] = json!("custom");
    config["providers"]["custom"] = json!({"apiBase": model.base_url(), "apiKey": "key"});
    std::fs::write(&path, config.to_string()).unwrap();
    section
}
