//! Whether a message is meant for the agent.

use super::places::Place;
use nanobot_channel_kit::GroupPolicy;

use crate::api::{Id, Message};

/// Ordinary messages and answers; the other types are notes of Discord itself.
/// See [Discord/message types](https://docs.discord.com/developers/resources/message#message-object-message-types).
const WRITTEN: &[u8] = &[0, 19];

/// True if the agent shall see the message.
pub(super) fn is_for(me: Id, policy: GroupPolicy, message: &Message, place: Place) -> bool {
    let is_person = !message.author.bot && message.webhook_id.is_none() && message.author.id != me;
    if !is_person || !WRITTEN.contains(&message.kind) {
        return false;
    }
    place.is_private()
        || policy == GroupPolicy::Open
        || is_mentioned(me, message)
        || is_answer_to(me, message)
}

fn is_mentioned(me: Id, message: &Message) -> bool {
    message.mentions.iter().any(|user| user.id == me) || names(me, &message.content)
}

fn is_answer_to(me: Id, message: &Message) -> bool {
    message.referenced_message.as_ref().is_some_and(|answered| answered.author.id == me)
}

fn names(me: Id, text: &str) -> bool {
    marks_of(me).iter().any(|mark| text.contains(mark))
}

/// How a text names somebody; the second form is an old one.
/// See [Discord/message formatting](https://docs.discord.com/developers/reference#message-formatting).
pub(super) fn marks_of(user: Id) -> [String; 2] {
    [format!("<@{user}>"), format!("<@!{user}>")]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ME: Id = Id(99);
    const SERVER: Place = Place { guild: Some(Id(5)), parent: None };

    fn message(fields: &Value) -> Message {
        let mut message = json!({"id": "1", "author": {"id": "7"}, "content": "hello"});
        for (key, value) in fields.as_object().unwrap() {
            message[key] = value.clone();
        }
        serde_json::from_value(message).unwrap()
    }

    #[track_caller]
    fn check(fields: &Value, is_meant: bool) {
        assert_eq!(is_for(ME, GroupPolicy::Mention, &message(fields), SERVER), is_meant);
    }

    #[test]
    fn in_a_server_the_agent_must_be_addressed() {
        check(&json!({}), false);
        check(&json!({"mentions": [{"id": "99"}]}), true);
        check(&json!({"mentions": [{"id": "98"}]}), false);
        check(&json!({"content": "<@!99> hi"}), true);
        check(&json!({"content": "<@998> hi"}), false);
        check(&json!({"type": 19, "referenced_message": {"author": {"id": "99"}}}), true);
        check(&json!({"type": 19, "referenced_message": {"author": {"id": "7"}}}), false);
    }

    #[test]
    fn programs_and_notes_of_discord_are_never_meant() {
        let mention = json!([{"id": "99"}]);
        check(&json!({"mentions": mention, "author": {"id": "8", "bot": true}}), false);
        check(&json!({"mentions": mention, "webhook_id": "3"}), false);
        check(&json!({"mentions": mention, "author": {"id": "99"}}), false);
        check(&json!({"mentions": mention, "type": 7}), false);
    }

    #[test]
    fn open_servers_and_private_chats_need_no_mention() {
        let message = message(&json!({}));
        assert!(is_for(ME, GroupPolicy::Open, &message, SERVER));
        assert!(is_for(ME, GroupPolicy::Mention, &message, Place::PRIVATE));
    }
}
