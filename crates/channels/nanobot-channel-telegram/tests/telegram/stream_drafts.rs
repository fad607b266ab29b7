use nanobot_channel::Metadata;
use nanobot_channel_telegram::{StreamMode, TelegramConfig};
use nanobot_test_support::{Mischief, RunningChannel, delta};

use crate::steps::{END, PERSON, step, texts};
use crate::support::Bench;

async fn bench_with_drafts() -> (Bench, RunningChannel) {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    let config = TelegramConfig { stream_mode: StreamMode::Draft, ..bench.config() };
    let running = bench.start_with(config).await;
    (bench, running)
}

#[tokio::test]
async fn draft_grows_and_the_message_takes_its_place() {
    let (bench, running) = bench_with_drafts().await;
    step(&running, "d", "Hel", None).await.unwrap();
    step(&running, "d", "Hello **wor", None).await.unwrap();
    assert_eq!((bench.fake.draft(PERSON).as_deref(), texts(&bench).len()), (Some("Hello wor"), 0));
    let drafts = bench.fake.calls_of("sendMessageDraft");
    assert_eq!(drafts[0].number("draft_id"), drafts[1].number("draft_id"));
    step(&running, "d", "Hello **world**", Some(END)).await.unwrap();
    assert_eq!((bench.fake.draft(PERSON), texts(&bench)), (None, vec!["Hello world".to_owned()]));
    running.stop().await;
}

#[tokio::test]
async fn text_that_fills_a_message_is_one_while_the_rest_is_a_draft() {
    let (bench, running) = bench_with_drafts().await;
    let (full, rest) = ("a".repeat(4000), "b".repeat(4000));
    step(&running, "d", &format!("{full}\n\n{rest}"), None).await.unwrap();
    assert_eq!((texts(&bench), bench.fake.draft(PERSON)), (vec![full.clone()], Some(rest.clone())));
    step(&running, "d", &format!("{full}\n\n{rest}"), Some(END)).await.unwrap();
    assert_eq!((texts(&bench), bench.fake.draft(PERSON)), (vec![full, rest], None));
    running.stop().await;
}

#[tokio::test]
async fn where_there_are_no_drafts_the_message_is_edited() {
    let (bench, running) = bench_with_drafts().await;
    bench.fake.misbehave("sendMessageDraft", Mischief::Status(404));
    step(&running, "d", "Hel", None).await.unwrap();
    step(&running, "d", "Hello", None).await.unwrap();
    assert_eq!(texts(&bench), ["Hello"]);
    assert_eq!(bench.fake.calls_of("sendMessageDraft").len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn groups_have_no_drafts() {
    let (bench, running) = bench_with_drafts().await;
    bench.fake.know_chat(-5);
    running.channel.send_delta(delta("d", "-5", "Hel", &Metadata::new())).await.unwrap();
    assert_eq!(bench.fake.shown(-5).len(), 1);
    running.stop().await;
}
