use nanobot_channel::{Attachment, ErrorKind, Metadata, OutboundKind, OutboundMessage};
use nanobot_channel_telegram::TelegramConfig;
use nanobot_test_support::{FakeTelegram, Mischief, RunningChannel, outbound};
use serde_json::json;

use crate::support::Bench;

const PERSON: i64 = 7;
const GROUP: i64 = -500;

async fn bench_with_chat() -> (Bench, RunningChannel) {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    let running = bench.start().await;
    (bench, running)
}

fn texts(bench: &Bench, chat: i64) -> Vec<String> {
    bench.fake.shown(chat).into_iter().map(|message| message.text).collect()
}

#[tokio::test]
async fn answer_is_shown_with_its_looks() {
    let (bench, running) = bench_with_chat().await;
    let receipt = running.channel.send(outbound("d", PERSON, "**Hi** <you> & `me`")).await.unwrap();
    let shown = bench.fake.shown(PERSON).remove(0);
    assert_eq!(shown.text, "Hi <you> & me");
    let looks: Vec<_> = shown.entities.iter().map(|e| (e.kind.as_str(), e.text.as_str())).collect();
    assert_eq!(looks, [("bold", "Hi"), ("code", "me")]);
    assert_eq!(receipt.platform_ids, [shown.message_id.to_string()]);
    running.stop().await;
}

#[tokio::test]
async fn answer_before_the_channel_runs_is_put_off() {
    let bench = Bench::new().await;
    let channel = nanobot_channel::ChannelConfig::build(bench.config()).unwrap();
    let error = channel.send(outbound("d", PERSON, "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReady);
}

#[tokio::test]
async fn markup_that_telegram_refuses_is_sent_as_plain_text() {
    let (bench, running) = bench_with_chat().await;
    bench.fake.misbehave("sendMessage", Mischief::BadMarkup);
    running.channel.send(outbound("d", PERSON, "**a** < b")).await.unwrap();
    assert_eq!(texts(&bench, PERSON), ["a < b"]);
    running.stop().await;
}

#[tokio::test]
async fn long_answer_becomes_several_messages_of_which_the_first_quotes() {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    let config = TelegramConfig { reply_to_message: true, ..bench.config() };
    let running = bench.start_with(config).await;
    let text = "word ".repeat(2000);
    let metadata = json!({"message_id": 31}).as_object().unwrap().clone();
    let message = OutboundMessage { metadata, ..outbound("d", PERSON, &text) };
    let receipt = running.channel.send(message).await.unwrap();
    let replies: Vec<_> = bench.fake.shown(PERSON).iter().map(|shown| shown.reply_to).collect();
    assert_eq!(replies, [Some(31), None, None]);
    assert_eq!(receipt.platform_ids.len(), 3);
    assert_eq!(texts(&bench, PERSON).join(" "), text.trim());
    running.stop().await;
}

#[tokio::test]
async fn tool_hint_is_a_quotation() {
    let (bench, running) = bench_with_chat().await;
    let hint = OutboundMessage { kind: OutboundKind::ToolHint, ..outbound("d", PERSON, "`ls`") };
    running.channel.send(hint).await.unwrap();
    let kinds: Vec<_> =
        bench.fake.shown(PERSON)[0].entities.iter().map(|entity| entity.kind.clone()).collect();
    assert!(kinds.contains(&"blockquote".to_owned()), "{kinds:?}");
    running.stop().await;
}

#[tokio::test]
async fn blank_answer_sends_nothing() {
    let (bench, running) = bench_with_chat().await;
    let receipt = running.channel.send(outbound("d", PERSON, " \n ")).await.unwrap();
    assert!(receipt.platform_ids.is_empty());
    assert!(bench.fake.calls_of("sendMessage").is_empty());
    running.stop().await;
}

#[tokio::test]
async fn repeated_delivery_is_not_shown_twice_not_even_after_a_restart() {
    let (bench, running) = bench_with_chat().await;
    let first = running.channel.send(outbound("d", PERSON, "hello")).await.unwrap();
    assert_eq!(running.channel.send(outbound("d", PERSON, "hello")).await.unwrap(), first);
    running.kill().await;
    let running = bench.start().await;
    assert_eq!(running.channel.send(outbound("d", PERSON, "hello")).await.unwrap(), first);
    assert_eq!(running.channel.send(outbound("d", PERSON, "better")).await.unwrap(), first);
    assert_eq!(texts(&bench, PERSON), ["better"]);
    running.stop().await;
}

#[tokio::test]
async fn answer_does_not_go_on_in_what_a_crash_left_of_a_word_before_it() {
    let (bench, running) = bench_with_chat().await;
    let asked: Metadata = [("message_id".to_owned(), 1.into())].into_iter().collect();
    let answer = OutboundMessage { metadata: asked, ..outbound("d", PERSON, "hello") };
    let progress = OutboundMessage {
        delivery_id: "p".into(),
        text: "a moment".into(),
        kind: OutboundKind::Progress,
        ..answer.clone()
    };
    bench.fake.misbehave("sendMessage", Mischief::CutAfter);
    running.channel.send(progress).await.unwrap_err();
    running.kill().await;
    let running = bench.start().await;
    running.channel.send(answer).await.unwrap();
    assert_eq!(texts(&bench, PERSON), ["a moment", "hello"]);
    running.stop().await;
}

#[tokio::test]
async fn delivery_that_a_limit_cut_goes_on_where_it_ended() {
    let (bench, running) = bench_with_chat().await;
    let text = format!("{}\n\n{}", "a".repeat(4000), "b".repeat(4000));
    bench.fake.misbehave("sendMessage", Mischief::TooMany(0));
    running.channel.send(outbound("d", PERSON, &text)).await.unwrap_err();
    running.channel.send(outbound("d", PERSON, &text)).await.unwrap();
    assert_eq!(texts(&bench, PERSON), ["a".repeat(4000), "b".repeat(4000)]);
    running.stop().await;
}

#[tokio::test]
async fn files_are_sent_as_what_they_are() {
    let (bench, running) = bench_with_chat().await;
    let mut message = outbound("d", PERSON, "here you are");
    for name in ["cat.jpg", "cat.gif", "word.ogg", "song.mp3", "film.mp4", "report.pdf"] {
        let path = bench.home.path().join(name);
        std::fs::write(&path, name).unwrap();
        message.attachments.push(Attachment::from_path(path));
    }
    message.attachments.push(Attachment::from_url("https://example.org/dog.png"));
    running.channel.send(message.clone()).await.unwrap();
    running.channel.send(message).await.unwrap();
    let methods: Vec<_> = bench.fake.calls().into_iter().map(|call| call.method).collect();
    let sent: Vec<_> = methods.iter().filter(|method| method.starts_with("send")).collect();
    assert_eq!(
        sent,
        [
            "sendPhoto",
            "sendAnimation",
            "sendVoice",
            "sendAudio",
            "sendVideo",
            "sendDocument",
            "sendPhoto",
            "sendMessage"
        ]
    );
    let shown = bench.fake.shown(PERSON);
    let document = shown[5].file.as_ref().unwrap();
    assert_eq!(
        (document.name.as_str(), document.content.as_slice()),
        ("report.pdf", &b"report.pdf"[..])
    );
    assert_eq!(shown[6].url.as_deref(), Some("https://example.org/dog.png"));
    assert_eq!(shown[7].text, "here you are");
    running.stop().await;
}

#[tokio::test]
async fn pictures_one_after_the_other_are_an_album() {
    let (bench, running) = bench_with_chat().await;
    let mut message = outbound("d", PERSON, "our trip");
    for name in ["a.jpg", "b.png", "c.mp4"] {
        let path = bench.home.path().join(name);
        std::fs::write(&path, name).unwrap();
        message.attachments.push(Attachment::from_path(path));
    }
    message.attachments.push(Attachment::from_url("https://example.org/dog.png"));
    let first = running.channel.send(message.clone()).await.unwrap();
    assert_eq!(running.channel.send(message).await.unwrap(), first);
    assert_eq!(first.platform_ids.len(), 5);
    assert_eq!(bench.fake.calls_of("sendMediaGroup").len(), 1);
    let shown = bench.fake.shown(PERSON);
    let names: Vec<_> = shown.iter().filter_map(|m| m.file.as_ref()).map(|f| &f.name).collect();
    assert_eq!(names, ["a.jpg", "b.png", "c.mp4"]);
    assert_eq!(shown[4].text, "our trip");
    running.stop().await;
}

#[tokio::test]
async fn album_with_a_picture_that_telegram_cannot_read_is_sent_one_by_one() {
    let (bench, running) = bench_with_chat().await;
    let mut message = outbound("d", PERSON, "");
    for (name, content) in [("a.jpg", "good"), ("b.png", "broken")] {
        let path = bench.home.path().join(name);
        std::fs::write(&path, content).unwrap();
        message.attachments.push(Attachment::from_path(path));
    }
    running.channel.send(message).await.unwrap();
    assert_eq!(bench.fake.calls_of("sendDocument").len(), 1);
    assert_eq!(bench.fake.shown(PERSON).len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn picture_that_telegram_cannot_read_is_sent_as_a_document() {
    let (bench, running) = bench_with_chat().await;
    let path = bench.home.path().join("cat.png");
    std::fs::write(&path, "broken").unwrap();
    let mut message = outbound("d", PERSON, "");
    message.attachments.push(Attachment::from_path(path));
    running.channel.send(message).await.unwrap();
    assert_eq!(bench.fake.calls_of("sendDocument").len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn file_that_cannot_be_sent_is_told_and_costs_nothing_else() {
    let (bench, running) = bench_with_chat().await;
    let mut message = outbound("d", PERSON, "here **you** are");
    for name in ["no_such_file.pdf", "empty.jpg"] {
        message.attachments.push(Attachment::from_path(bench.home.path().join(name)));
    }
    std::fs::write(bench.home.path().join("empty.jpg"), "").unwrap();
    running.channel.send(message).await.unwrap();
    assert_eq!(
        texts(&bench, PERSON),
        ["here you are\n\n[no_such_file.pdf could not be sent]\n[empty.jpg could not be sent]"]
    );
    running.stop().await;
}

#[tokio::test]
async fn answer_goes_into_the_topic_and_if_that_is_gone_into_the_chat() {
    let (bench, running) = bench_with_chat().await;
    bench.fake.know_chat(GROUP);
    let message = |delivery: &str, thread: &str| OutboundMessage {
        thread_id: Some(thread.to_owned()),
        ..outbound(delivery, GROUP, thread)
    };
    running.channel.send(message("a", "12")).await.unwrap();
    running.channel.send(message("b", "1")).await.unwrap();
    bench.fake.delete_topic(GROUP, 13);
    running.channel.send(message("c", "13")).await.unwrap();
    let threads: Vec<_> = bench.fake.shown(GROUP).iter().map(|shown| shown.thread).collect();
    assert_eq!(threads, [Some(12), None, None]);
    running.stop().await;
}

#[tokio::test]
async fn answer_follows_a_group_that_became_a_supergroup() {
    let (bench, running) = bench_with_chat().await;
    bench.fake.migrate(GROUP, -100_500);
    running.channel.send(outbound("a", GROUP, "one")).await.unwrap();
    running.channel.send(outbound("b", GROUP, "two")).await.unwrap();
    assert_eq!(texts(&bench, -100_500), ["one", "two"]);
    assert_eq!(bench.fake.calls_of("sendMessage").len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn reaction_is_taken_back_when_the_answer_is_there() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let (_, question) = bench.fake.person_writes(PERSON, "hello");
    let metadata = bench.gateway.wait_for_messages(1).await.remove(0).metadata;
    bench.fake.wait_until("the reaction", |fake| fake.reaction(PERSON, question).is_some()).await;
    let answer = OutboundMessage { metadata, ..outbound("d", PERSON, "hi") };
    running.channel.send(answer).await.unwrap();
    bench.fake.wait_until("it is gone", |fake| fake.reaction(PERSON, question).is_none()).await;
    running.stop().await;
}

#[tokio::test]
async fn reaction_for_done_takes_the_place_of_the_first() {
    let bench = Bench::new().await;
    let config = TelegramConfig { done_emoji: "👍".into(), ..bench.config() };
    let running = bench.start_with(config).await;
    let (_, question) = bench.fake.person_writes(PERSON, "hello");
    let metadata = bench.gateway.wait_for_messages(1).await.remove(0).metadata;
    let reaction = |is: &'static str| {
        move |it: &FakeTelegram| it.reaction(PERSON, question).as_deref() == Some(is)
    };
    bench.fake.wait_until("it is seen", reaction("👀")).await;
    let answer = OutboundMessage { metadata, ..outbound("d", PERSON, "hi") };
    running.channel.send(answer).await.unwrap();
    bench.fake.wait_until("it is done", reaction("👍")).await;
    running.stop().await;
}
