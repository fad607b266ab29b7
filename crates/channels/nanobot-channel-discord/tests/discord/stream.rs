use nanobot_channel::{
    ChannelError, Delta, ErrorKind, Metadata, Receipt, StreamEnd, StreamOutcome,
};
use nanobot_test_support::{DiscordMischief, FakeDiscordOptions, RunningChannel, delta, outbound};

use crate::support::{Bench, CHAT};

const END: StreamEnd = StreamEnd { outcome: StreamOutcome::Complete, continues: false };

async fn step(
    running: &RunningChannel,
    text: &str,
    end: Option<StreamEnd>,
) -> Result<Receipt, ChannelError> {
    let (chat, metadata) = (CHAT.to_string(), Metadata::new());
    running.channel.send_delta(Delta { end, ..delta("d", &chat, text, &metadata) }).await
}

async fn chat() -> (Bench, RunningChannel) {
    Bench::with_chat(FakeDiscordOptions::default()).await
}

fn texts(bench: &Bench) -> Vec<String> {
    bench.fake.shown(CHAT).into_iter().map(|message| message.content).collect()
}

#[tokio::test]
async fn streamed_answer_is_one_message_that_grows() {
    let (bench, running) = chat().await;
    step(&running, "Hel", None).await.unwrap();
    assert_eq!(texts(&bench), ["Hel"]);
    step(&running, "Hello **wor", None).await.unwrap();
    assert_eq!(texts(&bench), ["Hello **wor**"]);
    let receipt = step(&running, "Hello **world**", Some(END)).await.unwrap();
    let shown = bench.fake.shown(CHAT).remove(0);
    assert_eq!((shown.content.as_str(), shown.edits), ("Hello **world**", 2));
    assert_eq!(receipt.platform_ids, [shown.id.to_string()]);
    running.stop().await;
}

#[tokio::test]
async fn step_that_shows_nothing_new_calls_nobody() {
    let (bench, running) = chat().await;
    for text in ["", " ", "Hi", "Hi ", "Hi **"] {
        step(&running, text, None).await.unwrap();
    }
    step(&running, "Hi", Some(END)).await.unwrap();
    assert_eq!(bench.fake.calls_of("create").len(), 1);
    assert!(bench.fake.calls_of("edit").is_empty());
    running.stop().await;
}

#[tokio::test]
async fn code_block_is_whole_at_each_step_and_in_each_message() {
    let (bench, running) = chat().await;
    let code: String = (0..300).map(|line| format!("let line_{line} = \"*\";\n")).collect();
    let whole = format!("Look:\n\n```rust\n{code}```\n\nThat is all.");
    for end in (400..whole.len()).step_by(400) {
        step(&running, &whole[..end], None).await.unwrap();
    }
    step(&running, &whole, Some(END)).await.unwrap();
    let shown = texts(&bench);
    assert!(shown.len() > 2);
    // The server checks that no message leaves a block open.
    assert!(shown[1].starts_with("```rust\n"), "{}", shown[1]);
    assert_eq!(shown.join("\n").matches("let line_").count(), 300);
    assert!(shown.last().unwrap().ends_with("That is all."));
    running.stop().await;
}

#[tokio::test]
async fn text_that_gets_shorter_takes_its_messages_back() {
    let (bench, running) = chat().await;
    step(&running, &"word ".repeat(900), None).await.unwrap();
    assert_eq!(texts(&bench).len(), 3);
    step(&running, "short", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["short"]);
    running.stop().await;
}

#[tokio::test]
async fn message_that_somebody_deleted_is_sent_again() {
    let (bench, running) = chat().await;
    step(&running, "Hel", None).await.unwrap();
    bench.fake.delete(CHAT, bench.fake.shown(CHAT)[0].id);
    step(&running, "Hello", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn stream_whose_end_failed_is_repaired_by_the_whole_text() {
    let (bench, running) = chat().await;
    step(&running, "Hel", None).await.unwrap();
    bench.fake.misbehave("edit", DiscordMischief::CutBefore);
    let error = step(&running, "Hello", Some(END)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    running.channel.send(outbound("d", CHAT, "Hello world")).await.unwrap();
    assert_eq!(texts(&bench), ["Hello world"]);
    running.stop().await;
}

#[tokio::test]
async fn stream_that_a_crash_cut_off_goes_on_in_its_message() {
    let (bench, running) = chat().await;
    step(&running, "Hel", None).await.unwrap();
    running.kill().await;
    let running = bench.start().await;
    step(&running, "Hello", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn slow_edit_is_waited_for_before_the_next() {
    let (bench, running) = chat().await;
    step(&running, "a", None).await.unwrap();
    bench.fake.misbehave("edit", DiscordMischief::Hold);
    let (slow, ()) = tokio::join!(step(&running, "ab", None), async {
        bench.fake.wait_for_calls("edit", 1).await;
        assert_eq!(texts(&bench), ["a"]);
        bench.fake.release();
    });
    slow.unwrap();
    step(&running, "abc", Some(END)).await.unwrap();
    assert_eq!(bench.fake.shown(CHAT)[0].edits, 2);
    assert_eq!(texts(&bench), ["abc"]);
    running.stop().await;
}
