use nanobot_test_support::{DiscordMischief, FakeDiscordOptions, GatewayState, IncomingDiscord};

use crate::support::{Bench, CHAT};

const SERVER: u64 = 500;
const CHANNEL: u64 = 501;

fn mention(text: &str) -> IncomingDiscord {
    IncomingDiscord::in_guild(SERVER, CHANNEL, text).with_mention()
}

#[tokio::test]
async fn what_was_written_while_the_channel_was_down_is_read_afterwards() {
    let bench = Bench::new().await;
    bench.fake.add_guild(SERVER, &[CHANNEL]);
    let running = bench.start().await;
    bench.fake.person_writes(CHAT, "before");
    bench.fake.receive(mention("asked"));
    bench.gateway.wait_for_messages(2).await;
    running.stop().await;

    bench.fake.write_unheard(IncomingDiscord::private(CHAT, "missed"));
    bench.fake.write_unheard(mention("missed in the server"));
    bench.fake.write_unheard(IncomingDiscord::in_guild(SERVER, CHANNEL, "to nobody"));
    let running = bench.start().await;
    bench.gateway.wait_for_messages(4).await;
    let mut texts = bench.gateway.texts();
    texts[2..].sort();
    assert_eq!(texts, ["before", "asked", "missed", "missed in the server"]);
    running.stop().await;
}

#[tokio::test]
async fn channel_of_a_server_is_followed_from_where_it_is_at_the_first_start() {
    let bench = Bench::new().await;
    bench.fake.add_guild(SERVER, &[CHANNEL]);
    bench.fake.write_unheard(mention("long ago"));
    let running = bench.start().await;
    bench.wait_for_cursors(|it| it.contains(&CHANNEL.to_string())).await;
    running.stop().await;
    assert!(bench.fake.calls_of("history").is_empty());
    bench.fake.write_unheard(mention("missed"));
    let running = bench.start().await;
    bench
        .gateway
        .wait_until("the missed one", |state| {
            state.messages.iter().any(|message| message.text == "missed")
        })
        .await;
    running.stop().await;
}

#[tokio::test]
async fn more_missed_messages_than_a_page_are_all_read_in_order() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.person_writes(CHAT, "before");
    bench.gateway.wait_for_messages(1).await;
    running.stop().await;
    for number in 0..250 {
        bench.fake.write_unheard(IncomingDiscord::private(CHAT, &number.to_string()));
    }
    // A page that cannot be had at first is asked for again.
    bench.fake.misbehave("history", DiscordMischief::Status(502));
    let running = bench.start().await;
    bench.gateway.wait_for_messages(251).await;
    let expected: Vec<String> = (0..250).map(|number| number.to_string()).collect();
    assert_eq!(bench.gateway.texts()[1..], expected);
    running.stop().await;
}

#[tokio::test]
async fn message_that_cannot_be_read_does_not_hide_those_behind_its_page() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.person_writes(CHAT, "before");
    bench.gateway.wait_for_messages(1).await;
    running.stop().await;
    bench.fake.write_unheard(IncomingDiscord::private(CHAT, "").with("content", 5));
    for number in 0..150 {
        bench.fake.write_unheard(IncomingDiscord::private(CHAT, &number.to_string()));
    }
    let running = bench.start().await;
    // What comes now would move the place in the channel past what was not read.
    bench.fake.wait_for_calls("history", 1).await;
    bench.fake.person_writes(CHAT, "after");
    let wanted = |state: &GatewayState| state.messages.iter().any(|it| it.text == "after");
    bench.gateway.wait_until("the last one", wanted).await;
    let expected: Vec<String> = (0..150).map(|number| number.to_string()).collect();
    assert_eq!(bench.gateway.texts()[1..151], expected);
    running.stop().await;
}

#[tokio::test]
async fn history_that_cannot_be_had_for_long_is_waited_for() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.person_writes(CHAT, "before");
    bench.gateway.wait_for_messages(1).await;
    running.stop().await;
    bench.fake.write_unheard(IncomingDiscord::private(CHAT, "missed"));
    // Each question is asked three times before it fails.
    for _ in 0..30 {
        bench.fake.misbehave("history", DiscordMischief::TooMany(1));
    }
    let running = bench.start().await;
    bench.fake.wait_for_calls("history", 1).await;
    bench.fake.person_writes(CHAT, "after");
    bench.gateway.wait_for_messages(3).await;
    assert_eq!(bench.gateway.texts(), ["before", "missed", "after"]);
    running.stop().await;
}

#[tokio::test]
async fn messages_that_come_faster_than_the_gateway_takes_them_are_read_from_the_history() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.gateway.set_busy(true);
    for number in 0..150 {
        bench.fake.person_writes(CHAT, &number.to_string());
    }
    // The last event is past the queue once a heartbeat behind it was answered.
    let before = bench.fake.heartbeats();
    bench.fake.ask_for_heartbeat();
    bench.fake.wait_until("a heartbeat", |fake| fake.heartbeats() > before).await;
    bench.gateway.set_busy(false);
    bench.gateway.wait_for_messages(150).await;
    let expected: Vec<String> = (0..150).map(|number| number.to_string()).collect();
    assert_eq!(bench.gateway.texts(), expected);
    assert!(!bench.fake.calls_of("history").is_empty());
    running.stop().await;
}

#[tokio::test]
async fn message_that_was_not_stored_before_the_stop_comes_after_the_next_start() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.gateway.set_busy(true);
    bench.fake.person_writes(CHAT, "not stored");
    // The place before the message is kept as soon as it is there.
    bench.wait_for_cursors(|it| it.contains(&CHAT.to_string())).await;
    running.stop().await;
    bench.gateway.set_busy(false);
    let running = bench.start().await;
    bench.gateway.wait_for_messages(1).await;
    assert_eq!(bench.gateway.texts(), ["not stored"]);
    running.stop().await;
}

#[tokio::test]
async fn channel_that_is_gone_is_not_asked_for_again() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.person_writes(CHAT, "before");
    bench.gateway.wait_for_messages(1).await;
    running.stop().await;
    bench.fake.delete_channel(CHAT);
    let running = bench.start().await;
    bench.wait_for_cursors(|it| !it.contains(&CHAT.to_string())).await;
    running.stop().await;
    bench.start().await.stop().await;
    assert_eq!(bench.fake.calls_of("history").len(), 1);
}
