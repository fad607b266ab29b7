use std::time::Duration;

use nanobot_channel::{ChannelError, ChannelState, ChatKind, ErrorKind};
use nanobot_channel_telegram::{EditedMessages, GroupPolicy, TelegramConfig};
use nanobot_test_support::{FakeTelegramOptions, Incoming, Mischief};
use serde_json::json;

use crate::support::Bench;

const GROUP: i64 = -1_001;

#[tokio::test]
async fn text_arrives_with_who_wrote_it_where() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let (update, message_id) = bench.fake.person_writes(7, "hello");
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(message.text, "hello");
    assert_eq!(message.event_id, Some(update.to_string()));
    assert_eq!((message.chat_id.as_str(), message.chat_kind), ("7", ChatKind::Direct));
    assert_eq!(message.sender.id, "7");
    assert_eq!(message.sender.aliases, ["person7", "@person7", "7|person7"]);
    assert_eq!(message.sender.display_name.as_deref(), Some("Person 7"));
    assert_eq!(message.metadata["message_id"], json!(message_id));
    assert!(message.sent_at_ms.is_some());
    running.stop().await;
}

#[tokio::test]
async fn connected_channel_says_under_which_name() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let status = bench.gateway.wait_for_state(ChannelState::Connected).await;
    let account = status.account.unwrap();
    assert_eq!((account.id.as_str(), account.display_name.as_deref()), ("4242", Some("@nano_bot")));
    bench.fake.person_writes(7, "hello");
    bench
        .gateway
        .wait_until("the last event", |state| {
            state.statuses.iter().any(|status| status.last_event_ms.is_some())
        })
        .await;
    running.stop().await;
}

#[tokio::test]
async fn menu_of_commands_is_set_at_the_start() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let names: Vec<_> =
        bench.fake.commands().iter().map(|command| command["command"].clone()).collect();
    assert_eq!(names, ["new", "stop", "restart", "status", "help", "model"]);
    running.stop().await;
}

#[tokio::test]
async fn webhook_of_an_earlier_life_is_removed_without_dropping_updates() {
    let bench = Bench::new().await;
    bench.fake.person_writes(7, "written while nobody listened");
    let running = bench.start().await;
    bench.gateway.wait_for_messages(1).await;
    let call = bench.fake.calls_of("deleteWebhook").remove(0);
    assert_eq!(call.params["drop_pending_updates"], json!(false));
    running.stop().await;
}

#[tokio::test]
async fn update_is_confirmed_only_after_the_gateway_has_it() {
    let bench = Bench::new().await;
    let wait = Duration::from_millis(20);
    let busy = || ChannelError::new(ErrorKind::Overloaded, "busy").with_retry_after(wait);
    bench.gateway.answer_next(Err(busy()));
    bench.gateway.answer_next(Err(busy()));
    let running = bench.start().await;
    let (update, _) = bench.fake.person_writes(7, "hello");
    bench.gateway.wait_for_messages(1).await;
    bench.fake.wait_until("the update is confirmed", |fake| fake.pending_updates() == 0).await;
    let offsets: Vec<_> =
        bench.fake.calls_of("getUpdates").iter().map(|call| call.number("offset")).collect();
    assert_eq!(offsets, [None, Some(update + 1)]);
    running.stop().await;
}

#[tokio::test]
async fn message_that_the_gateway_will_never_take_holds_up_nothing() {
    let bench = Bench::new().await;
    bench.gateway.answer_next(Err(ChannelError::rejected("too large")));
    let running = bench.start().await;
    bench.fake.person_writes(7, "large");
    bench.fake.person_writes(7, "small");
    bench.gateway.wait_for_messages(1).await;
    assert_eq!(bench.gateway.texts(), ["small"]);
    running.stop().await;
}

#[tokio::test]
async fn update_that_cannot_be_read_holds_up_nothing() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.update(json!({"message": {"chat": "a chat of a new kind"}}));
    bench.fake.update(json!({"something_new": {}}));
    bench.fake.update(json!({"message": {"message_id": 1, "chat": {"id": 7, "type": "private"},
        "from": {"id": 7, "first_name": "A"}, "pinned_message": {}}}));
    bench.fake.person_writes(7, "hello");
    bench.gateway.wait_for_messages(1).await;
    assert_eq!(bench.gateway.texts(), ["hello"]);
    bench.fake.wait_until("all is confirmed", |fake| fake.pending_updates() == 0).await;
    running.stop().await;
}

#[tokio::test]
async fn repeated_updates_are_not_new_messages() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.person_writes(7, "one");
    bench.gateway.wait_for_messages(1).await;
    bench.fake.misbehave("getUpdates", Mischief::RepeatUpdates);
    bench.fake.person_writes(7, "two");
    bench.fake.person_writes(7, "three");
    bench.gateway.wait_for_messages(3).await;
    assert_eq!(bench.gateway.texts(), ["one", "two", "three"]);
    running.stop().await;
}

#[tokio::test]
async fn messages_of_one_chat_keep_their_order() {
    let bench = Bench::new().await;
    for number in 0..250 {
        bench.fake.person_writes(7 + number % 3, &format!("{number:03}"));
    }
    let running = bench.start().await;
    let messages = bench.gateway.wait_for_messages(250).await;
    for chat in ["7", "8", "9"] {
        let texts: Vec<_> =
            messages.iter().filter(|message| message.chat_id == chat).map(|m| &m.text).collect();
        assert!(texts.is_sorted());
    }
    running.stop().await;
}

#[tokio::test]
async fn in_a_group_only_what_addresses_the_bot_arrives() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let fake = &bench.fake;
    fake.receive(Incoming::text(7, "just talking").in_group(GROUP));
    fake.receive(Incoming::text(7, "hey @nano_bot").in_group(GROUP).with_mention("@nano_bot"));
    fake.receive(Incoming::text(7, "hey @other").in_group(GROUP).with_mention("@other"));
    fake.receive(Incoming::text(7, "/new@nano_bot").in_group(GROUP));
    let answered = json!({"message_id": 1, "from": {"id": 4242, "username": "nano_bot"},
        "text": "I am a bot"});
    fake.receive(Incoming::text(7, "really?").in_group(GROUP).with("reply_to_message", answered));
    let messages = bench.gateway.wait_for_messages(3).await;
    assert_eq!(
        bench.gateway.texts(),
        ["hey @nano_bot", "/new", "[Reply to @nano_bot: I am a bot]\nreally?"]
    );
    assert_eq!(messages[0].chat_kind, ChatKind::Group);
    assert_eq!(messages[2].reply_to.as_deref(), Some("1"));
    running.stop().await;
}

#[tokio::test]
async fn in_an_open_group_everything_arrives() {
    let bench = Bench::new().await;
    let config = TelegramConfig { group_policy: GroupPolicy::Open, ..bench.config() };
    let running = bench.start_with(config).await;
    bench.fake.receive(Incoming::text(7, "just talking").in_group(GROUP));
    bench.gateway.wait_for_messages(1).await;
    running.stop().await;
}

#[tokio::test]
async fn topic_of_a_forum_is_a_thread_with_a_session_of_its_own() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.receive(Incoming::text(7, "/help").in_topic(GROUP, 12));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(message.thread_id.as_deref(), Some("12"));
    assert_eq!(message.session_key.as_deref(), Some("telegram:-1001:topic:12"));
    running.stop().await;
}

#[tokio::test]
async fn accepted_message_gets_a_reaction_and_the_typing_sign() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let (_, message) = bench.fake.person_writes(7, "hello");
    bench.fake.wait_for_calls("sendChatAction", 1).await;
    assert_eq!(bench.fake.reaction(7, message).as_deref(), Some("👀"));
    running.stop().await;
}

#[tokio::test]
async fn denied_stranger_gets_no_sign_of_life() {
    let bench = Bench::new().await;
    bench.gateway.allow_only(&["7|person7"]);
    let running = bench.start().await;
    bench.fake.person_writes(8, "let me in");
    bench.fake.person_writes(7, "hello");
    bench.gateway.wait_until("the denial", |state| state.denied.len() == 1).await;
    bench.gateway.wait_for_messages(1).await;
    bench.fake.wait_for_calls("sendChatAction", 1).await;
    assert_eq!(bench.fake.calls_of("setMessageReaction").len(), 1);
    assert_eq!(bench.gateway.state().denied.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn stopped_channel_can_be_started_again() {
    let bench = Bench::with(FakeTelegramOptions::default()).await;
    for text in ["one", "two"] {
        let running = bench.start().await;
        bench.fake.person_writes(7, text);
        bench.gateway.wait_until(text, |state| state.messages.iter().any(|m| m.text == text)).await;
        running.stop().await;
    }
    assert_eq!(bench.gateway.texts(), ["one", "two"]);
}

fn edited(person: i64, text: &str) -> serde_json::Value {
    let chat = json!({"id": person, "type": "private"});
    let message = json!({"message_id": 1, "date": 1, "edit_date": 2, "chat": chat,
        "from": {"id": person, "is_bot": false, "first_name": "Ada"}, "text": text});
    json!({"edited_message": message})
}

#[tokio::test]
async fn changed_message_is_left_alone_unless_it_shall_be_answered() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    bench.fake.update(edited(7, "better"));
    bench.fake.person_writes(7, "next");
    bench.gateway.wait_for_messages(1).await;
    running.stop().await;
    assert_eq!(bench.gateway.texts(), ["next"]);

    let edited_messages = EditedMessages::Answer;
    let running = bench.start_with(TelegramConfig { edited_messages, ..bench.config() }).await;
    bench.fake.update(edited(7, "better"));
    bench.fake.update(edited(7, "/stop"));
    bench.gateway.wait_for_messages(3).await;
    assert_eq!(bench.gateway.texts(), ["next", "[Edited] better", "/stop"]);
    let asked = bench.fake.calls_of("getUpdates").pop().unwrap().params["allowed_updates"].clone();
    assert!(asked.as_array().unwrap().contains(&"edited_message".into()), "{asked}");
    running.stop().await;
}
