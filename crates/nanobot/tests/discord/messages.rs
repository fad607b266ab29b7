//! A message on Discord, through the whole program to a model server and back.

use nanobot_test_support::{
    FakeDiscord, FakeModel, FakeReply, IncomingDiscord, TestGateway, TestGatewayBuilder,
};
use serde_json::json;

const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");
const CHAT: u64 = 42;

fn gateway(model: &FakeModel, discord: &FakeDiscord) -> TestGatewayBuilder {
    TestGateway::builder(BINARY).config(json!({
        "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
        "channels": {"discord": {
            "enabled": true, "token": discord.token(), "apiBase": discord.api_base(),
            "streamEditInterval": 0, "allowFrom": ["7"],
        }},
    }))
}

async fn wait_for_text(discord: &FakeDiscord, chat: u64, text: &str) {
    let is_shown = |it: &FakeDiscord| it.shown(chat).iter().any(|it| it.content.contains(text));
    discord.wait_until("the answer is shown", is_shown).await;
}

#[tokio::test]
async fn a_person_on_discord_is_answered_with_looks_and_a_stranger_is_not() {
    let (model, discord) = (FakeModel::start().await, FakeDiscord::start().await);
    model.push(FakeReply::pieces(["Hel", "lo, ", "__Ada__", "!"]));
    let gateway = gateway(&model, &discord).start().await;
    discord.wait_until("the bot is there", FakeDiscord::is_connected).await;
    discord.receive(IncomingDiscord::private(CHAT + 1, "Let me in!").from(8, "eve"));
    let question = discord.person_writes(CHAT, "Hello?");
    wait_for_text(&discord, CHAT, "Hello, **Ada**!").await;
    let is_quiet = |it: &FakeDiscord| it.reactions(CHAT, question).is_empty();
    discord.wait_until("the signs are gone", is_quiet).await;
    assert_eq!(discord.shown(CHAT).len(), 1);
    assert!(discord.shown(CHAT + 1).is_empty());
    assert_eq!(model.request_count(), 1);
    assert!(!gateway.stderr().contains(&discord.token()), "the token is in the log");
    let status = gateway.command(BINARY, &["channels", "status"]).await;
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("@nano"), "{status}");
}

#[tokio::test]
async fn what_people_wrote_while_the_gateway_was_down_is_answered_afterwards() {
    let (model, discord) = (FakeModel::start().await, FakeDiscord::start().await);
    model.push(FakeReply::text("First answer."));
    model.push(FakeReply::text("Second answer."));
    let mut gateway = gateway(&model, &discord).start().await;
    discord.wait_until("the bot is there", FakeDiscord::is_connected).await;
    discord.person_writes(CHAT, "Hello?");
    wait_for_text(&discord, CHAT, "First answer.").await;
    gateway.stop().await;
    discord.write_unheard(IncomingDiscord::private(CHAT, "Still there?"));
    let _gateway = gateway.restarted().await;
    wait_for_text(&discord, CHAT, "Second answer.").await;
    assert_eq!(model.request_count(), 2);
}

#[tokio::test]
async fn slash_command_is_answered_in_its_place() {
    let (model, discord) = (FakeModel::start().await, FakeDiscord::start().await);
    let _gateway = gateway(&model, &discord).start().await;
    discord.wait_until("the bot is there", FakeDiscord::is_connected).await;
    let command = discord.give_command(CHAT, None, "status");
    let is_answered = |it: &FakeDiscord| it.answer_to(command).is_some();
    discord.wait_until("the command is answered", is_answered).await;
    let answer = discord.answer_to(command).unwrap_or_default();
    assert!(answer.contains("test-model"), "{answer}");
    assert_eq!(model.request_count(), 0);
}
