use std::time::Duration;

use nanobot_channel::{
    ChannelError, Delta, ErrorKind, Metadata, Receipt, StreamEnd, StreamOutcome,
};
use nanobot_channel_telegram::{StreamMode, TelegramConfig};
use nanobot_test_support::{FakeTelegramOptions, Mischief, RunningChannel, delta, outbound};

use crate::support::Bench;

const PERSON: i64 = 7;
const END: StreamEnd = StreamEnd { outcome: StreamOutcome::Complete, continues: false };

async fn step(
    running: &RunningChannel,
    delivery: &str,
    text: &str,
    end: Option<StreamEnd>,
) -> Result<Receipt, ChannelError> {
    answer_step(running, delivery, text, end, &Metadata::new()).await
}

/// A step of an answer to the message that the metadata name.
async fn answer_step(
    running: &RunningChannel,
    delivery: &str,
    text: &str,
    end: Option<StreamEnd>,
    metadata: &Metadata,
) -> Result<Receipt, ChannelError> {
    let chat = PERSON.to_string();
    running.channel.send_delta(Delta { end, ..delta(delivery, &chat, text, metadata) }).await
}

async fn bench_with_chat() -> (Bench, RunningChannel) {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    let running = bench.start().await;
    (bench, running)
}

fn texts(bench: &Bench) -> Vec<String> {
    bench.fake.shown(PERSON).into_iter().map(|message| message.text).collect()
}

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

/// What a model writes: headings, lists, a table, code longer than a message, emoji, links.
fn long_answer() -> String {
    let code: String =
        (0..260).map(|line| format!("    let x{line} = &a[{line}] < 10; // 😀\n")).collect();
    format!(
        "# Report 📈\n\nHere is **what I found** in [the docs](https://example.org/?a=1&b=2):\n\n\
         - first, *important*\n- second with `code`\n  1. nested\n  2. more\n\n\
         | Name | Größe | OK |\n|---|---:|---|\n| Ada | 12 | ✅ |\n| 日本 | 3 | ❌ |\n\n\
         ```rust\nfn main() {{\n{code}}}\n```\n\n> Quoted **words**\n> over two lines\n\n\
         ---\n\nFamily 👩‍👩‍👧 & flags 🇩🇪🇫🇷, done ~~not~~.\n"
    )
}

#[tokio::test]
async fn long_streamed_answer_looks_as_a_person_would_want_it() {
    let (bench, running) = bench_with_chat().await;
    let answer = long_answer();
    let mut end = 0;
    while end < answer.len() {
        end = (end + 97..).find(|end| answer.is_char_boundary((*end).min(answer.len()))).unwrap();
        end = end.min(answer.len());
        step(&running, "d", &answer[..end], None).await.unwrap();
    }
    step(&running, "d", &answer, Some(END)).await.unwrap();

    let shown = bench.fake.shown(PERSON);
    for message in &shown {
        println!("──── message {}\n{}", message.message_id, message.text);
    }
    assert!(shown.len() >= 3);
    let first = &shown[0];
    assert!(first.text.starts_with(
        "Report 📈\n\nHere is what I found in the docs:\n\n• first, important\n• second with code\n\
         \u{20}\u{20}1. nested\n  2. more\n\nName │ Größe │ OK\n─────┼───────┼───\n\
         Ada  │ 12    │ ✅\n日本 │ 3     │ ❌\n\nfn main() {\n    let x0 = &a[0] < 10; // 😀\n"
    ));
    let looks = |index: usize| -> Vec<(&str, Option<&str>)> {
        let entities = &shown[index].entities;
        entities.iter().map(|entity| (entity.kind.as_str(), entity.detail.as_deref())).collect()
    };
    assert_eq!(
        looks(0),
        [
            ("bold", None),
            ("bold", None),
            ("text_link", Some("https://example.org/?a=1&b=2")),
            ("italic", None),
            ("code", None),
            ("pre", None),
            ("pre", Some("rust")),
        ]
    );
    // The code goes on in the next message, as code of the same language, at the start of a line.
    assert_eq!(looks(1), [("pre", Some("rust"))]);
    assert!(shown[1].text.starts_with("    let x"));
    let last = shown.last().unwrap();
    assert!(last.text.ends_with(
        "}\n\nQuoted words\nover two lines\n\n———\n\nFamily 👩‍👩‍👧 & flags 🇩🇪🇫🇷, done not."
    ));
    let code: String = shown
        .iter()
        .flat_map(|message| &message.entities)
        .filter(|entity| entity.detail.as_deref() == Some("rust"))
        .map(|entity| format!("{}\n", entity.text))
        .collect();
    let source = answer.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(code, source);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process_killed_in_the_middle_of_an_edit_leaves_one_message_for_each_answer() {
    let (bench, mut running) = bench_with_chat().await;
    for cycle in 0..20 {
        let delivery = format!("d{cycle}");
        step(&running, &delivery, "Hel", None).await.unwrap();
        bench.fake.misbehave("editMessageText", Mischief::Hold);
        let edits = bench.fake.calls_of("editMessageText").len();
        tokio::select! {
            _ = step(&running, &delivery, "Hello", Some(END)) => panic!("the edit is held"),
            () = bench.fake.wait_for_calls("editMessageText", edits + 1) => {}
        }
        running.kill().await;
        running = bench.start().await;
        let answer = format!("Hello {cycle}");
        running.channel.send(outbound(&delivery, PERSON, &answer)).await.unwrap();
    }
    let expected: Vec<_> = (0..20).map(|cycle| format!("Hello {cycle}")).collect();
    assert_eq!(texts(&bench), expected);
    running.stop().await;
}

#[tokio::test]
async fn stream_after_a_crash_goes_on_in_the_same_message() {
    let (bench, running) = bench_with_chat().await;
    step(&running, "d", "Hel", None).await.unwrap();
    running.kill().await;
    let running = bench.start().await;
    step(&running, "d", "Another ans", None).await.unwrap();
    step(&running, "d", "Another answer", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["Another answer"]);
    running.stop().await;
}

#[tokio::test]
async fn answer_that_a_crash_cut_off_goes_on_in_its_message_under_another_id() {
    let (bench, running) = bench_with_chat().await;
    let (_, question) = bench.fake.person_writes(PERSON, "Count!");
    bench.gateway.wait_for_messages(1).await;
    let asked: Metadata = [("message_id".to_owned(), question.into())].into_iter().collect();
    answer_step(&running, "first", "One, t", None, &asked).await.unwrap();
    running.kill().await;
    let running = bench.start().await;
    answer_step(&running, "second", "One, two", None, &asked).await.unwrap();
    answer_step(&running, "second", "One, two.", Some(END), &asked).await.unwrap();
    assert_eq!(texts(&bench), ["One, two."]);
    // What comes later to the same question is a message of its own.
    answer_step(&running, "third", "Three.", Some(END), &asked).await.unwrap();
    running.kill().await;
    let running = bench.start().await;
    answer_step(&running, "fourth", "Four.", Some(END), &asked).await.unwrap();
    assert_eq!(texts(&bench), ["One, two.", "Three.", "Four."]);
    running.stop().await;
}

#[tokio::test]
async fn answer_whose_first_words_may_have_arrived_says_that_it_comes_again() {
    let (bench, running) = bench_with_chat().await;
    let asked: Metadata = [("message_id".to_owned(), 1.into())].into_iter().collect();
    bench.fake.misbehave("sendMessage", Mischief::CutAfter);
    answer_step(&running, "first", "One.", None, &asked).await.unwrap_err();
    running.kill().await;
    let running = bench.start().await;
    answer_step(&running, "second", "One.", Some(END), &asked).await.unwrap();
    assert_eq!(texts(&bench), ["One.", "Sent again after an interruption:\n\nOne."]);
    running.stop().await;
}

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
