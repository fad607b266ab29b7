use nanobot_channel::OutboundMessage;
use nanobot_channel_discord::DiscordConfig;
use nanobot_test_support::{DiscordMischief, FakeDiscordOptions, outbound};
use serde_json::json;

use crate::support::{Bench, CHAT};

#[tokio::test]
async fn commands_are_offered_to_people() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.wait_until("the commands", |fake| !fake.commands().is_empty()).await;
    let names: Vec<_> = bench.fake.commands().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["new", "stop", "restart", "status", "help", "model"]);
    running.stop().await;
}

#[tokio::test]
async fn command_is_acknowledged_at_once_and_answered_in_its_place() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    let id = bench.fake.give_command(CHAT, None, "status");
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!((message.text.as_str(), message.sender.id.as_str()), ("/status", "7"));
    assert_eq!(message.event_id, Some(id.to_string()));
    assert_eq!(bench.fake.calls_of("callback")[0].body, json!({"type": 5}));
    let stored = serde_json::to_string(&message).unwrap();
    assert!(!stored.contains("interaction-token"), "{stored}");

    let answer = outbound("d", CHAT, &format!("All is well. {}", "word ".repeat(500)));
    let answer = OutboundMessage { metadata: message.metadata, ..answer };
    let first = running.channel.send(answer.clone()).await.unwrap();
    assert!(bench.fake.answer_to(id).unwrap().starts_with("All is well."));
    assert_eq!(bench.fake.shown(CHAT).len(), 2);
    let again = OutboundMessage { attempt: 2, ..answer };
    assert_eq!(running.channel.send(again).await.unwrap(), first);
    assert_eq!(bench.fake.shown(CHAT).len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn command_that_could_not_be_acknowledged_is_answered_by_a_message() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.misbehave("callback", DiscordMischief::Refuse(404, 10062));
    bench.fake.give_command(CHAT, None, "status");
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    let answer = OutboundMessage { metadata: message.metadata, ..outbound("d", CHAT, "Well.") };
    running.channel.send(answer).await.unwrap();
    assert_eq!(bench.fake.shown(CHAT)[0].content, "Well.");
    running.stop().await;
}

#[tokio::test]
async fn answer_after_a_restart_is_a_message_of_its_own() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    let id = bench.fake.give_command(CHAT, None, "status");
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    running.kill().await;
    let running = bench.start().await;
    let answer = OutboundMessage { metadata: message.metadata, ..outbound("d", CHAT, "Well.") };
    running.channel.send(answer).await.unwrap();
    assert_eq!(bench.fake.answer_to(id), None);
    assert_eq!(bench.fake.shown(CHAT)[0].content, "Well.");
    running.stop().await;
}

#[tokio::test]
async fn token_of_a_command_that_is_over_is_not_taken_for_the_bots() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    let id = bench.fake.give_command(CHAT, None, "status");
    bench.gateway.wait_for_messages(1).await;
    bench.fake.misbehave("original", DiscordMischief::Refuse(401, 50027));
    let mut answer = outbound("d", CHAT, "Well.");
    answer.metadata.insert("interaction_id".into(), id.to_string().into());
    running.channel.send(answer).await.unwrap();
    assert_eq!(bench.fake.shown(CHAT)[0].content, "Well.");
    running.stop().await;
}

#[tokio::test]
async fn stranger_and_closed_channel_are_refused_where_only_they_see_it() {
    let bench = Bench::new().await;
    bench.fake.add_guild(500, &[501]);
    bench.gateway.allow_only(&["8"]);
    let config = DiscordConfig { allow_channels: vec!["7777".into()], ..bench.config() };
    let running = bench.start_with(config).await;
    let stranger = bench.fake.give_command(CHAT, None, "new");
    let elsewhere = bench.fake.give_command(501, Some(500), "new");
    bench.fake.wait_for_calls("callback", 2).await;
    let is_answered =
        |id| move |fake: &nanobot_test_support::FakeDiscord| fake.answer_to(id).is_some();
    bench.fake.wait_until("the first answer", is_answered(stranger)).await;
    bench.fake.wait_until("the second answer", is_answered(elsewhere)).await;
    assert!(bench.fake.answer_to(stranger).unwrap().contains("not on the list"));
    assert!(bench.fake.answer_to(elsewhere).unwrap().contains("in this channel"));
    for call in bench.fake.calls_of("callback") {
        assert_eq!(call.body["data"]["flags"], json!(64));
    }
    running.stop().await;
    assert!(bench.gateway.messages().is_empty());
}
