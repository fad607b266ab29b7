use std::time::Duration;

use nanobot_channel::ErrorKind;
use nanobot_channel_telegram::TelegramConfig;
use nanobot_test_support::{FakeTelegramOptions, Mischief, outbound};

use crate::steps::{END, PERSON, bench_with_chat, step, texts};
use crate::support::Bench;

#[tokio::test]
async fn streamed_answer_is_one_message_that_grows() {
    let (bench, running) = bench_with_chat().await;
    step(&running, "d", "Hel", None).await.unwrap();
    assert_eq!(texts(&bench), ["Hel"]);
    step(&running, "d", "Hello **wor", None).await.unwrap();
    assert_eq!(texts(&bench), ["Hello wor"]);
    let receipt = step(&running, "d", "Hello **world**", Some(END)).await.unwrap();
    let shown = bench.fake.shown(PERSON).remove(0);
    assert_eq!((shown.text.as_str(), shown.edits), ("Hello world", 2));
    assert_eq!(receipt.platform_ids, [shown.message_id.to_string()]);
    running.stop().await;
}

#[tokio::test]
async fn step_that_shows_nothing_new_calls_nobody() {
    let (bench, running) = bench_with_chat().await;
    for text in ["", " ", "Hi", "Hi ", "Hi **"] {
        step(&running, "d", text, None).await.unwrap();
    }
    step(&running, "d", "Hi", Some(END)).await.unwrap();
    assert_eq!(bench.fake.calls_of("sendMessage").len(), 1);
    assert!(bench.fake.calls_of("editMessageText").is_empty());
    running.stop().await;
}

#[tokio::test]
async fn edit_that_changes_nothing_is_success() {
    let (bench, running) = bench_with_chat().await;
    step(&running, "d", "Hello", Some(END)).await.unwrap();
    running.kill().await;
    // The new process does not know what the message shows, only that it is there.
    let running = bench.start().await;
    step(&running, "d", "Hello", Some(END)).await.unwrap();
    assert_eq!(bench.fake.calls_of("editMessageText").len(), 1);
    assert_eq!(texts(&bench), ["Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn text_longer_than_a_message_continues_in_the_next() {
    let (bench, running) = bench_with_chat().await;
    let text = "a line of some length\n".repeat(600);
    for end in (1000..text.len()).step_by(1000) {
        step(&running, "d", &text[..end], None).await.unwrap();
    }
    let receipt = step(&running, "d", &text, Some(END)).await.unwrap();
    let shown = texts(&bench);
    assert_eq!(shown.len(), 4);
    assert_eq!(shown.join("\n"), text.trim());
    assert_eq!(receipt.platform_ids.len(), 4);
    running.stop().await;
}

#[tokio::test]
async fn whole_text_after_a_failed_end_takes_the_place_of_the_stream() {
    let (bench, running) = bench_with_chat().await;
    step(&running, "d", "Hel", None).await.unwrap();
    bench.fake.misbehave("editMessageText", Mischief::CutBefore);
    let error = step(&running, "d", "Hello", Some(END)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    running.channel.send(outbound("d", PERSON, "Hello")).await.unwrap();
    assert_eq!(texts(&bench), ["Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn message_that_a_person_deleted_in_mid_stream_is_sent_anew() {
    let (bench, running) = bench_with_chat().await;
    let receipt = step(&running, "d", "Hel", None).await.unwrap();
    bench.fake.delete(PERSON, receipt.platform_ids[0].parse().unwrap());
    step(&running, "d", "Hello", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn answer_that_shrank_leaves_no_old_messages() {
    let (bench, running) = bench_with_chat().await;
    step(&running, "d", &"word ".repeat(1000), None).await.unwrap();
    assert_eq!(texts(&bench).len(), 2);
    step(&running, "d", "short after all", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["short after all"]);
    running.stop().await;
}

#[tokio::test]
async fn edits_keep_their_distance() {
    let bench = Bench::with(FakeTelegramOptions {
        rate_limit: Some(Duration::from_millis(200)),
        ..FakeTelegramOptions::default()
    })
    .await;
    bench.fake.know_chat(PERSON);
    let config = TelegramConfig { stream_edit_interval: Some(0.25), ..bench.config() };
    let running = bench.start_with(config).await;
    for text in ["a", "a b", "a b c"] {
        step(&running, "d", text, None).await.unwrap();
    }
    step(&running, "d", "a b c d", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["a b c d"]);
    running.stop().await;
}

#[tokio::test]
async fn step_that_is_limited_says_how_long_and_the_stream_goes_on() {
    let (bench, running) = bench_with_chat().await;
    step(&running, "d", "a", None).await.unwrap();
    bench.fake.misbehave("editMessageText", Mischief::TooMany(0));
    let error = step(&running, "d", "a b", None).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::ZERO));
    step(&running, "d", "a b c", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["a b c"]);
    running.stop().await;
}

#[tokio::test]
async fn slow_edit_delays_no_other_chat() {
    let (bench, running) = bench_with_chat().await;
    bench.fake.know_chat(8);
    step(&running, "d", "a", None).await.unwrap();
    bench.fake.misbehave("editMessageText", Mischief::Hold);
    let slow = step(&running, "d", "a b", None);
    let other = async {
        bench.fake.wait_for_calls("editMessageText", 1).await;
        running.channel.send(outbound("e", 8, "quick")).await.unwrap();
        bench.fake.release();
    };
    let (slow, ()) = tokio::join!(slow, other);
    slow.unwrap();
    assert_eq!(texts(&bench), ["a b"]);
    running.stop().await;
}
