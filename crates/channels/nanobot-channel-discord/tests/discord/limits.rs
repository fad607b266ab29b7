use std::time::Duration;

use nanobot_channel::ErrorKind;
use nanobot_test_support::{DiscordMischief, FakeDiscordOptions, outbound};

use crate::support::{Bench, CHAT};

#[tokio::test]
async fn short_wait_is_waited_out_and_a_long_one_is_told() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.misbehave("create", DiscordMischief::TooMany(200));
    running.channel.send(outbound("a", CHAT, "waited")).await.unwrap();
    assert_eq!(bench.fake.calls_of("create").len(), 2);

    bench.fake.misbehave("create", DiscordMischief::TooMany(60_000));
    let error = running.channel.send(outbound("b", CHAT, "told")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.retry_after().unwrap() > Duration::from_secs(50));
    // The server would note a call before the end of the wait.
    let error = running.channel.send(outbound("b", CHAT, "told")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(bench.fake.calls_of("create").len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn limit_of_one_channel_does_not_slow_another_but_a_global_one_does() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.add_private_chat(43);
    bench.fake.misbehave("create", DiscordMischief::TooMany(60_000));
    running.channel.send(outbound("a", CHAT, "Hi")).await.unwrap_err();
    running.channel.send(outbound("b", 43, "Hi")).await.unwrap();

    bench.fake.misbehave("create", DiscordMischief::TooManyGlobal(60_000));
    running.channel.send(outbound("c", 43, "Hi")).await.unwrap_err();
    bench.fake.add_private_chat(44);
    let error = running.channel.send(outbound("d", 44, "Hi")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    running.stop().await;
}

#[tokio::test]
async fn wait_that_comes_without_json_is_kept_too() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.misbehave("create", DiscordMischief::TooManyAtTheDoor(30));
    let error = running.channel.send(outbound("a", CHAT, "Hi")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after().map(|wait| wait.as_secs() > 20), Some(true));
    running.stop().await;
}

#[tokio::test]
async fn used_up_bucket_is_waited_for_without_a_refusal() {
    let bucket = Some((2, Duration::from_millis(300)));
    let options = FakeDiscordOptions { bucket, ..Default::default() };
    let (bench, running) = Bench::with_chat(options).await;
    // The server notes each call with a used up bucket.
    for number in 0..6 {
        let name = number.to_string();
        running.channel.send(outbound(&name, CHAT, &name)).await.unwrap();
    }
    assert_eq!(bench.fake.shown(CHAT).len(), 6);
    running.stop().await;
}
