use nanobot_channel::{Attachment, ErrorKind, OutboundKind, OutboundMessage};
use nanobot_test_support::{
    DiscordMischief, FakeDiscordOptions, IncomingDiscord, RunningChannel, outbound,
};
use serde_json::json;

use crate::support::{Bench, CHAT};

async fn chat() -> (Bench, RunningChannel) {
    Bench::with_chat(FakeDiscordOptions::default()).await
}

fn texts(bench: &Bench) -> Vec<String> {
    bench.fake.shown(CHAT).into_iter().map(|message| message.content).collect()
}

fn file(bench: &Bench, name: &str, content: &[u8]) -> Attachment {
    let path = bench.home.path().join(name);
    std::fs::write(&path, content).unwrap();
    Attachment::from_path(path)
}

fn again(message: &OutboundMessage) -> OutboundMessage {
    OutboundMessage { attempt: message.attempt + 1, ..message.clone() }
}

#[tokio::test]
async fn answer_is_shown_in_the_markdown_of_discord_and_calls_nobody() {
    let (bench, running) = chat().await;
    let message = outbound("d", CHAT, "Hello __world__ @everyone <@7>");
    let receipt = running.channel.send(message).await.unwrap();
    let shown = bench.fake.shown(CHAT).remove(0);
    assert_eq!(shown.content, "Hello **world** @everyone <@7>");
    assert_eq!(receipt.platform_ids, [shown.id.to_string()]);
    let call = bench.fake.calls_of("create").remove(0);
    assert_eq!(call.body["allowed_mentions"]["parse"], json!([]));
    running.stop().await;
}

#[tokio::test]
async fn answer_in_a_server_refers_to_its_question_and_one_in_private_does_not() {
    let bench = Bench::new().await;
    bench.fake.add_guild(500, &[501]);
    let running = bench.start().await;
    bench.fake.receive(IncomingDiscord::in_guild(500, 501, "q").with_mention());
    bench.fake.person_writes(CHAT, "q");
    for question in bench.gateway.wait_for_messages(2).await {
        let chat: u64 = question.chat_id.parse().unwrap();
        let answer = outbound(&question.chat_id, chat, &"word ".repeat(500));
        let answer = OutboundMessage { metadata: question.metadata, ..answer };
        running.channel.send(answer).await.unwrap();
    }
    let replies = |chat| bench.fake.shown(chat).into_iter().map(|it| it.reply_to.is_some());
    assert_eq!(replies(501).collect::<Vec<_>>(), [true, false]);
    assert_eq!(replies(CHAT).collect::<Vec<_>>(), [false, false]);
    running.stop().await;
}

#[tokio::test]
async fn answer_in_a_thread_goes_to_the_thread() {
    let bench = Bench::new().await;
    bench.fake.add_thread(500, 501, 502);
    let running = bench.start().await;
    let message = OutboundMessage { thread_id: Some("502".into()), ..outbound("d", 501, "Hi") };
    running.channel.send(message).await.unwrap();
    assert_eq!(bench.fake.shown(502).len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn repeated_delivery_is_one_message_also_after_a_restart() {
    let (bench, running) = chat().await;
    let message = outbound("d", CHAT, "Hello");
    let first = running.channel.send(message.clone()).await.unwrap();
    assert_eq!(running.channel.send(again(&message)).await.unwrap(), first);
    running.kill().await;
    let running = bench.start().await;
    assert_eq!(running.channel.send(again(&message)).await.unwrap(), first);
    assert_eq!(texts(&bench), ["Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn message_whose_answer_was_cut_off_is_known_by_its_nonce() {
    let (bench, running) = chat().await;
    let message = outbound("d", CHAT, "Hello");
    bench.fake.misbehave("create", DiscordMischief::CutAfter);
    let error = running.channel.send(message.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    // Not known as a repetition, as a stream that is repaired is not.
    running.channel.send(message).await.unwrap();
    assert_eq!(texts(&bench), ["Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn nonce_that_is_known_with_an_older_text_is_brought_up_to_date() {
    let (bench, running) = chat().await;
    bench.fake.misbehave("create", DiscordMischief::CutAfter);
    running.channel.send(outbound("d", CHAT, "Hel")).await.unwrap_err();
    running.channel.send(outbound("d", CHAT, "Hello")).await.unwrap();
    assert_eq!(texts(&bench), ["Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn message_whose_nonce_is_forgotten_is_found_in_the_history() {
    let (bench, running) = chat().await;
    // The same words of another delivery are another message.
    running.channel.send(outbound("earlier", CHAT, "Hello")).await.unwrap();
    for _ in 0..120 {
        bench.fake.write_unheard(IncomingDiscord::private(CHAT, "chatter"));
    }
    let message = outbound("d", CHAT, "Hello");
    bench.fake.misbehave("create", DiscordMischief::CutAfter);
    running.channel.send(message.clone()).await.unwrap_err();
    running.kill().await;
    bench.fake.forget_nonces();
    let running = bench.start().await;
    running.channel.send(again(&message)).await.unwrap();
    assert_eq!(texts(&bench), ["Hello", "Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn repeated_delivery_that_never_arrived_is_sent() {
    let (bench, running) = chat().await;
    running.channel.send(outbound("earlier", CHAT, "Hello")).await.unwrap();
    let message = outbound("d", CHAT, "Hello");
    bench.fake.misbehave("create", DiscordMischief::CutBefore);
    running.channel.send(message.clone()).await.unwrap_err();
    running.channel.send(again(&message)).await.unwrap();
    assert_eq!(texts(&bench), ["Hello", "Hello"]);
    running.stop().await;
}

#[tokio::test]
async fn delivery_that_broke_off_goes_on_where_it_ended() {
    let (bench, running) = chat().await;
    let message = outbound("d", CHAT, &"A line of words.\n\n".repeat(300));
    // The first part arrives and nobody hears of it.
    bench.fake.misbehave("create", DiscordMischief::CutAfter);
    running.channel.send(message.clone()).await.unwrap_err();
    running.channel.send(again(&message)).await.unwrap();
    let shown = texts(&bench);
    assert_eq!(shown.len(), 3);
    assert_eq!(shown.join("").matches("A line").count(), 300);
    running.stop().await;
}

#[tokio::test]
async fn each_refusal_has_its_kind() {
    let (bench, running) = chat().await;
    let cases = [
        (DiscordMischief::Refuse(403, 50007), ErrorKind::Rejected),
        (DiscordMischief::Refuse(403, 50013), ErrorKind::Rejected),
        (DiscordMischief::Refuse(404, 10003), ErrorKind::NotFound),
        (DiscordMischief::Refuse(400, 50035), ErrorKind::Rejected),
        (DiscordMischief::Status(502), ErrorKind::Network),
    ];
    for (mischief, kind) in cases {
        bench.fake.misbehave("create", mischief);
        let error = running.channel.send(outbound("d", CHAT, "Hi")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{mischief:?}");
    }
    let error = running.channel.send(outbound("d", 4711, "Hi")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    running.stop().await;
}

#[tokio::test]
async fn reply_that_needs_the_history_is_sent_without_it() {
    let (bench, running) = chat().await;
    bench.fake.misbehave("create", DiscordMischief::Refuse(400, 160_002));
    let message = OutboundMessage { reply_to: Some("5".into()), ..outbound("d", CHAT, "Hi") };
    running.channel.send(message).await.unwrap();
    assert_eq!(bench.fake.shown(CHAT)[0].reply_to, None);
    running.stop().await;
}

#[tokio::test]
async fn revoked_token_is_not_tried_again_and_again() {
    let (bench, running) = chat().await;
    bench.fake.misbehave("create", DiscordMischief::Refuse(401, 0));
    for _ in 0..3 {
        let error = running.channel.send(outbound("d", CHAT, "Hi")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth);
    }
    assert_eq!(bench.fake.calls_of("create").len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn files_go_out_together_and_once() {
    let (bench, running) = chat().await;
    let files = vec![file(&bench, "a.png", b"picture"), file(&bench, "b.txt", b"text")];
    let message = OutboundMessage { attachments: files, ..outbound("d", CHAT, "Look") };
    running.channel.send(message.clone()).await.unwrap();
    running.channel.send(again(&message)).await.unwrap();
    let shown = bench.fake.shown(CHAT);
    assert_eq!(shown.len(), 2);
    let files: Vec<_> =
        shown[0].files.iter().map(|it| (it.name.as_str(), it.content.as_slice())).collect();
    assert_eq!(files, [("a.png", &b"picture"[..]), ("b.txt", b"text")]);
    assert_eq!(shown[1].content, "Look");
    running.stop().await;
}

#[tokio::test]
async fn file_that_cannot_be_sent_is_told_of_and_the_rest_is_sent() {
    let (bench, running) = chat().await;
    let large = bench.home.path().join("large.bin");
    std::fs::File::create(&large).unwrap().set_len(10 * 1024 * 1024 + 1).unwrap();
    let files = vec![
        Attachment::from_path(large),
        Attachment::from_path(bench.home.path().join("none.txt")),
        Attachment::from_url("https://example.org/cat.png"),
        file(&bench, "good.txt", b"text"),
    ];
    let message = OutboundMessage { attachments: files, ..outbound("d", CHAT, "Look") };
    running.channel.send(message).await.unwrap();
    let shown = bench.fake.shown(CHAT);
    assert_eq!(shown[0].files.len(), 1);
    let text = &shown[1].content;
    for line in [
        "large.bin could not be sent: Discord takes files of up to 10 MiB",
        "none.txt could not be sent",
        "https://example.org/cat.png",
    ] {
        assert!(text.contains(line), "{text}");
    }
    running.stop().await;
}

#[tokio::test]
async fn one_file_that_discord_refuses_does_not_cost_the_others() {
    let (bench, running) = chat().await;
    for _ in 0..2 {
        bench.fake.misbehave("create", DiscordMischief::Refuse(400, 50035));
    }
    let files = vec![file(&bench, "bad.png", b"x"), file(&bench, "good.txt", b"text")];
    let message = OutboundMessage { attachments: files, ..outbound("d", CHAT, "Look") };
    running.channel.send(message).await.unwrap();
    let shown = bench.fake.shown(CHAT);
    assert_eq!(shown[0].files[0].name, "good.txt");
    assert!(shown[1].content.contains("bad.png could not be sent: Discord refused it"));
    running.stop().await;
}

#[tokio::test]
async fn tool_hint_is_written_small() {
    let (bench, running) = chat().await;
    let hint =
        OutboundMessage { kind: OutboundKind::ToolHint, ..outbound("d", CHAT, "reads `a.rs`") };
    running.channel.send(hint).await.unwrap();
    assert_eq!(texts(&bench), ["-# reads `a.rs`"]);
    running.stop().await;
}

#[tokio::test]
async fn channel_that_does_not_run_says_so() {
    let (bench, running) = chat().await;
    let channel = std::sync::Arc::clone(&running.channel);
    running.stop().await;
    let error = channel.send(outbound("d", CHAT, "Hi")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReady);
    assert!(bench.fake.shown(CHAT).is_empty());
}
