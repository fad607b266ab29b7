//! Whether a message in a group is meant for the agent.

use nanobot_channel_kit::GroupPolicy;

use crate::api::{Chat, Entity, Message, User};

/// The commands of the menu. In a group they count without a mention: Telegram hands them only to
/// the bot that they were picked from.
/// See [Bot API/privacy mode](https://core.telegram.org/bots/features#privacy-mode).
pub(super) const COMMANDS: &[(&str, &str)] = &[
    ("new", "Start a new conversation"),
    ("stop", "Stop the current task"),
    ("restart", "Restart the gateway"),
    ("status", "Show what the agent does"),
    ("help", "Show available commands"),
    ("model", "Show or choose the model"),
];

pub(super) fn is_direct(chat: &Chat) -> bool {
    chat.kind == "private"
}

/// True if the agent shall see the message.
pub(super) fn is_for(me: &User, policy: GroupPolicy, message: &Message) -> bool {
    if is_direct(&message.chat) {
        return true;
    }
    match command_target(message) {
        Some(target) => is_name_of(me, target),
        None => {
            policy == GroupPolicy::Open
                || is_menu_command(message)
                || is_mentioned(me, message)
                || is_answer_to(me, message)
        }
    }
}

/// The text without the bot's name behind a command: `/new@the_bot` is `/new`.
pub(super) fn without_command_target(text: &str) -> String {
    let (first, rest) = first_word(text);
    match first.split_once('@') {
        Some((command, _)) if command.starts_with('/') => format!("{command}{rest}"),
        _ => text.to_owned(),
    }
}

/// The bot that a command names, `the_bot` in `/new@the_bot`.
fn command_target(message: &Message) -> Option<&str> {
    let (first, _) = first_word(text_of(message));
    first.strip_prefix('/')?.split_once('@').map(|(_, target)| target)
}

fn is_menu_command(message: &Message) -> bool {
    let (first, _) = first_word(text_of(message));
    first.strip_prefix('/').is_some_and(|name| COMMANDS.iter().any(|(command, _)| *command == name))
}

fn is_mentioned(me: &User, message: &Message) -> bool {
    let text = text_of(message);
    let entities = message.entities.iter().chain(&message.caption_entities);
    entities.into_iter().any(|entity| match entity.kind.as_str() {
        "mention" => {
            let name = entity_text(text, entity);
            name.strip_prefix('@').is_some_and(|name| is_name_of(me, name))
        }
        "text_mention" => entity.user.as_ref().is_some_and(|user| user.id == me.id),
        _ => false,
    })
}

/// In a forum every message answers the one that opened the topic; that means nothing.
fn is_answer_to(me: &User, message: &Message) -> bool {
    message.reply_to_message.as_ref().is_some_and(|answered| {
        answered.forum_topic_created.is_none()
            && answered.from.as_ref().is_some_and(|user| user.id == me.id)
    })
}

fn is_name_of(me: &User, name: &str) -> bool {
    me.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
}

pub(super) fn text_of(message: &Message) -> &str {
    message.text.as_deref().or(message.caption.as_deref()).unwrap_or_default()
}

fn first_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// The stretch of text of an entity, whose place is counted in UTF-16 units.
fn entity_text(text: &str, entity: &Entity) -> String {
    let units: Vec<u16> = text.encode_utf16().skip(entity.offset).take(entity.length).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn me() -> User {
        User { id: 99, username: Some("nano_bot".into()), ..User::default() }
    }

    fn message(kind: &str, fields: &Value) -> Message {
        let mut message = json!({"chat": {"id": -5, "type": kind}});
        for (key, value) in fields.as_object().unwrap() {
            message[key] = value.clone();
        }
        serde_json::from_value(message).unwrap()
    }

    #[track_caller]
    fn check(fields: &Value, is_meant: bool) {
        let message = message("supergroup", fields);
        assert_eq!(is_for(&me(), GroupPolicy::Mention, &message), is_meant);
    }

    #[test]
    fn in_a_group_the_agent_must_be_addressed() {
        check(&json!({"text": "hello all"}), false);
        let mention = json!([{"type": "mention", "offset": 3, "length": 9}]);
        check(&json!({"text": "😀 @Nano_Bot hi", "entities": mention}), true);
        check(&json!({"text": "😀 @otherbot hi", "entities": mention}), false);
        check(&json!({"caption": "😀 @nano_bot", "caption_entities": mention}), true);
        check(
            &json!({"text": "Nano", "entities": [
                {"type": "text_mention", "offset": 0, "length": 4, "user": {"id": 99}}
            ]}),
            true,
        );
    }

    #[test]
    fn answer_to_the_bot_is_for_it_but_a_topic_that_it_opened_is_not() {
        check(&json!({"text": "why?", "reply_to_message": {"from": {"id": 99}}}), true);
        check(&json!({"text": "why?", "reply_to_message": {"from": {"id": 7}}}), false);
        let opened = json!({"from": {"id": 99}, "forum_topic_created": {"name": "x"}});
        check(&json!({"text": "why?", "reply_to_message": opened}), false);
    }

    #[test]
    fn command_is_for_the_bot_that_it_names() {
        check(&json!({"text": "/new@nano_bot"}), true);
        check(&json!({"text": "/new@other_bot"}), false);
        check(&json!({"text": "/new"}), true);
        check(&json!({"text": "/weather"}), false);
        let other = message("supergroup", &json!({"text": "/new@other_bot now"}));
        assert!(!is_for(&me(), GroupPolicy::Open, &other));
    }

    #[test]
    fn open_groups_and_private_chats_need_no_mention() {
        let text = json!({"text": "hello"});
        assert!(is_for(&me(), GroupPolicy::Open, &message("group", &text)));
        assert!(is_for(&me(), GroupPolicy::Mention, &message("private", &text)));
    }

    #[test]
    fn name_of_the_bot_is_taken_off_its_commands() {
        assert_eq!(without_command_target("/new@nano_bot"), "/new");
        assert_eq!(without_command_target("/ask@nano_bot me@home"), "/ask me@home");
        assert_eq!(without_command_target("me@home"), "me@home");
    }
}
