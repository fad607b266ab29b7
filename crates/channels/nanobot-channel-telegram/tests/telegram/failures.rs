use std::time::Duration;

use nanobot_channel::{ChannelConfig, ChannelState, ErrorKind};
use nanobot_channel_telegram::TelegramConfig;
use nanobot_test_support::{Mischief, outbound};

use crate::support::Bench;

const PERSON: i64 = 7;

#[tokio::test]
async fn wrong_token_ends_the_channel_with_the_fix() {
    let bench = Bench::new().await;
    let config = TelegramConfig { token: "1:wrong".to_owned(), ..bench.config() };
    let running = bench.launch(config);
    let error = running.gives_up().await;
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.hint().unwrap().contains("@BotFather"));
}

#[tokio::test]
async fn token_that_is_revoked_later_ends_the_channel_too() {
    let bench = Bench::new().await;
    bench.fake.misbehave("getUpdates", Mischief::Unauthorized);
    let running = bench.launch(bench.config());
    let error = running.gives_up().await;
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn second_program_with_the_same_bot_is_named_and_waited_out() {
    let bench = Bench::new().await;
    bench.fake.misbehave("getUpdates", Mischief::Conflict);
    let running = bench.start().await;
    let status = bench.gateway.wait_for_state(ChannelState::Retrying).await;
    assert!(status.message.unwrap().contains("another program"));
    assert!(status.retry_in.is_some());
    bench.fake.person_writes(PERSON, "hello");
    bench.gateway.wait_for_messages(1).await;
    running.stop().await;
}

#[tokio::test]
async fn webhook_that_another_program_sets_is_removed_again() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.set_webhook("https://other.example.org");
    bench.fake.person_writes(PERSON, "ends the question that waits");
    let status = bench.gateway.wait_for_state(ChannelState::Retrying).await;
    assert!(status.message.unwrap().contains("webhook"));
    bench.fake.person_writes(PERSON, "hello");
    bench.gateway.wait_for_messages(2).await;
    running.stop().await;
}

#[tokio::test]
async fn broken_servers_and_connections_are_waited_out() {
    let bench = Bench::new().await;
    bench.fake.misbehave("getMe", Mischief::Status(502));
    bench.fake.misbehave("getUpdates", Mischief::CutBefore);
    bench.fake.misbehave("getUpdates", Mischief::TooMany(1));
    let running = bench.launch(bench.config());
    bench.fake.person_writes(PERSON, "hello");
    bench.gateway.wait_for_messages(1).await;
    let statuses = bench.gateway.state().statuses.clone();
    let retries = statuses.iter().filter(|status| status.state == ChannelState::Retrying);
    assert_eq!(retries.count(), 3);
    running.stop().await;
}

#[tokio::test]
async fn each_refusal_says_what_may_be_done() {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    bench.fake.block(8);
    let running = bench.start().await;
    let send = |chat: i64| running.channel.send(outbound("d", chat, "x"));

    bench.fake.misbehave("sendMessage", Mischief::TooMany(3));
    let limited = send(PERSON).await.unwrap_err();
    assert_eq!(limited.kind(), ErrorKind::RateLimited);
    assert_eq!(limited.retry_after(), Some(Duration::from_secs(3)));
    bench.fake.misbehave("sendMessage", Mischief::Status(503));
    assert_eq!(send(9).await.unwrap_err().kind(), ErrorKind::Network);
    bench.fake.misbehave("sendMessage", Mischief::CutAfter);
    assert_eq!(send(9).await.unwrap_err().kind(), ErrorKind::Network);
    assert_eq!(send(9).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(send(8).await.unwrap_err().kind(), ErrorKind::Rejected);
    let named = nanobot_channel::OutboundMessage { chat_id: "x".into(), ..outbound("d", 1, "x") };
    assert_eq!(running.channel.send(named).await.unwrap_err().kind(), ErrorKind::NotFound);
    running.stop().await;
}

#[tokio::test]
async fn second_copy_of_a_message_says_that_it_may_be_one_and_what_was_refused_has_none() {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    let running = bench.start().await;
    let send = |id: &str, text: &str| running.channel.send(outbound(id, PERSON, text));
    bench.fake.misbehave("sendMessage", Mischief::CutAfter);
    assert!(send("d", "Hello.").await.is_err());
    send("d", "Hello.").await.unwrap();
    send("d", "Hello!").await.unwrap();
    bench.fake.misbehave("sendMessage", Mischief::TooMany(0));
    assert!(send("e", "Bye.").await.is_err());
    send("e", "Bye.").await.unwrap();
    send("e", "Bye!").await.unwrap();
    let shown: Vec<String> = bench.fake.shown(PERSON).into_iter().map(|it| it.text).collect();
    assert_eq!(shown, ["Hello.", "Sent again after an interruption:\n\nHello!", "Bye!"]);
    running.stop().await;
}

#[tokio::test]
async fn token_is_in_no_error_and_no_debug_output() {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    let running = bench.start().await;
    bench.fake.misbehave("sendMessage", Mischief::CutBefore);
    let error = running.channel.send(outbound("d", PERSON, "x")).await.unwrap_err();
    let secret = bench.fake.token().split(':').nth(1).unwrap().to_owned();
    assert!(!format!("{error:?} {}", error.report()).contains(&secret));
    running.stop().await;

    let nowhere = TelegramConfig { api_base: Some("http://127.0.0.1:1".into()), ..bench.config() };
    assert!(!format!("{nowhere:?}").contains(&secret));
    let running = bench.launch(nowhere);
    let status = bench.gateway.wait_for_state(ChannelState::Retrying).await;
    assert!(!format!("{status:?}").contains(&secret));
    let error = running.channel.send(outbound("d", PERSON, "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReady);
    assert!(!format!("{error:?}").contains(&secret));
    running.stop().await;
}

#[tokio::test]
async fn proxy_is_used_and_a_wrong_one_is_named_without_its_password() {
    let bench = Bench::new().await;
    let proxied = TelegramConfig {
        // The fake takes the place of the proxy, and sees a request for another host.
        api_base: Some("http://telegram.invalid".to_owned()),
        proxy: Some(bench.fake.api_base()),
        ..bench.config()
    };
    let running = bench.start_with(proxied).await;
    running.stop().await;

    let proxy = Some("socks5://user:pass@host:1".to_owned());
    let error = TelegramConfig { proxy, ..bench.config() }.build().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!format!("{error:?}").contains("pass"));
}
