use nanobot_channel::{Attachment, AttachmentKind, ChannelError, ChatKind, ErrorKind, Location};
use nanobot_channel_discord::{DiscordConfig, GroupPolicy};
use nanobot_test_support::IncomingDiscord;
use serde_json::json;

use crate::support::{Bench, CHAT};

const SERVER: u64 = 500;
const CHANNEL: u64 = 501;
const THREAD: u64 = 502;

#[tokio::test]
async fn private_message_reaches_the_gateway() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let id = bench.fake.person_writes(CHAT, "Hello?");
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(message.text, "Hello?");
    assert_eq!(message.event_id, Some(id.to_string()));
    assert_eq!((message.chat_id, message.thread_id), (CHAT.to_string(), None));
    assert_eq!(message.chat_kind, ChatKind::Direct);
    assert_eq!(message.sender.id, "7");
    assert_eq!(message.metadata["message_id"], json!(id.to_string()));
    running.stop().await;
}

#[tokio::test]
async fn in_a_server_only_what_addresses_the_agent_is_taken() {
    let bench = Bench::new().await;
    bench.fake.add_guild(SERVER, &[CHANNEL]);
    let running = bench.start().await;
    let write = |text: &str| IncomingDiscord::in_guild(SERVER, CHANNEL, text);
    bench.fake.receive(write("to nobody"));
    bench.fake.receive(write("<@99> from a program").with("webhook_id", "5").with_mention());
    bench.fake.receive(write("<@99> hi").with_mention());
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!((message.text.as_str(), message.chat_kind), ("hi", ChatKind::Group));
    assert_eq!(message.sender.display_name.as_deref(), Some("Countess"));
    assert_eq!(message.metadata["guild_id"], json!(SERVER.to_string()));
    running.stop().await;
    assert_eq!(bench.gateway.texts(), ["hi"]);
}

#[tokio::test]
async fn open_servers_are_limited_to_the_allowed_channels_with_their_threads() {
    let bench = Bench::new().await;
    bench.fake.add_guild(SERVER, &[CHANNEL, CHANNEL + 10]);
    bench.fake.add_thread(SERVER, CHANNEL, THREAD);
    let config = DiscordConfig {
        group_policy: GroupPolicy::Open,
        allow_channels: vec![CHANNEL.to_string()],
        ..bench.config()
    };
    let running = bench.start_with(config).await;
    bench.fake.receive(IncomingDiscord::in_guild(SERVER, CHANNEL + 10, "elsewhere"));
    bench.fake.receive(IncomingDiscord::in_guild(SERVER, THREAD, "in the thread"));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(message.text, "in the thread");
    assert_eq!(
        (message.chat_id, message.thread_id),
        (CHANNEL.to_string(), Some(THREAD.to_string()))
    );
    running.stop().await;
}

#[tokio::test]
async fn thread_that_nobody_told_of_is_looked_up() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.add_thread(SERVER, CHANNEL, THREAD);
    bench.fake.receive(IncomingDiscord::in_guild(SERVER, THREAD, "<@99> hi").with_mention());
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(
        (message.chat_id, message.thread_id),
        (CHANNEL.to_string(), Some(THREAD.to_string()))
    );
    assert_eq!(bench.fake.calls_of("channel").len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn file_of_a_message_is_fetched_without_the_token() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let url = bench.fake.add_file("cat.png", b"a picture");
    bench.fake.receive(IncomingDiscord::private(CHAT, "look").with_file(5, "cat.png", &url, 9));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    let path = bench.media_dir().join("5-cat.png");
    assert_eq!(std::fs::read(&path).unwrap(), b"a picture");
    let expected = Attachment {
        kind: AttachmentKind::Image,
        location: Location::Path(path),
        mime: None,
        name: Some("cat.png".into()),
        size_bytes: Some(9),
    };
    assert_eq!(message.attachments, [expected]);
    running.stop().await;
}

#[tokio::test]
async fn file_that_is_too_large_or_not_at_discord_is_told_of() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let large = 20 * 1024 * 1024 + 1;
    let written = IncomingDiscord::private(CHAT, "look")
        .with_file(5, "film.mp4", "http://127.0.0.1:1/film.mp4", large)
        .with_file(6, "evil.png", "http://127.0.0.1:1/evil.png", 9);
    bench.fake.receive(written);
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert!(message.attachments.is_empty());
    assert_eq!(
        message.text,
        "look\n[film.mp4 was sent, but is too large: files of up to 20 MB are fetched]\n\
         [evil.png was sent, but could not be fetched from Discord]"
    );
    running.stop().await;
}

#[tokio::test]
async fn file_that_grows_too_large_leaves_nothing_on_the_disk() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let url = bench.fake.add_file("large.bin", &vec![7; 20 * 1024 * 1024 + 1]);
    bench.fake.receive(IncomingDiscord::private(CHAT, "").with_file(5, "large.bin", &url, 9));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert!(message.text.contains("too large"), "{}", message.text);
    assert_eq!(std::fs::read_dir(bench.media_dir()).unwrap().count(), 0);
    running.stop().await;
}

#[tokio::test]
async fn file_of_a_stranger_is_not_fetched() {
    let bench = Bench::new().await;
    bench.gateway.allow_only(&["8"]);
    let running = bench.start().await;
    let url = bench.fake.add_file("cat.png", b"a picture");
    bench.fake.receive(IncomingDiscord::private(CHAT, "look").with_file(5, "cat.png", &url, 9));
    bench.gateway.wait_until("the denial", |state| state.denied.len() == 1).await;
    assert!(!bench.media_dir().exists());
    running.stop().await;
}

#[tokio::test]
async fn event_that_comes_twice_is_one_message() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let id = bench.fake.person_writes(CHAT, "once");
    bench.fake.repeat(CHAT, id);
    bench.fake.person_writes(CHAT, "after");
    bench.gateway.wait_for_messages(2).await;
    assert_eq!(bench.gateway.texts(), ["once", "after"]);
    running.stop().await;
}

#[tokio::test]
async fn messages_of_a_chat_wait_for_a_busy_gateway_in_their_order() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let busy = || ChannelError::new(ErrorKind::Overloaded, "busy");
    let soon = busy().with_retry_after(std::time::Duration::from_millis(5));
    bench.gateway.answer_next(Err(soon));
    for number in 0..5 {
        bench.fake.person_writes(CHAT, &number.to_string());
    }
    bench.gateway.wait_for_messages(5).await;
    assert_eq!(bench.gateway.texts(), ["0", "1", "2", "3", "4"]);
    running.stop().await;
}

#[tokio::test]
async fn message_that_the_gateway_refuses_does_not_hold_up_the_next() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let refusal = ChannelError::rejected("too large");
    bench.gateway.answer_next(Err(refusal));
    bench.fake.person_writes(CHAT, "refused");
    bench.fake.person_writes(CHAT, "taken");
    bench.gateway.wait_for_messages(1).await;
    assert_eq!(bench.gateway.texts(), ["taken"]);
    running.stop().await;
}

#[tokio::test]
async fn file_that_is_not_there_is_told_of() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let url = bench.fake.add_file("missing.txt", b"");
    bench.fake.receive(IncomingDiscord::private(CHAT, "").with_file(
        5,
        "a.txt",
        &format!("{url}x"),
        9,
    ));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(message.text, "[a.txt was sent, but could not be fetched from Discord]");
    running.stop().await;
}
