//! From a message of Discord to one for the gateway. Pure functions.

use nanobot_channel::{ChatKind, InboundMessage, Metadata, Sender};

use super::addressing::marks_of;
use super::places::Place;
use crate::api::{Id, Member, Message, User};

/// Characters of an answered message that are repeated.
const MAX_QUOTED_CHARS: usize = 500;

/// The message without its files.
pub(super) fn inbound(me: Id, message: &Message, place: Place) -> InboundMessage {
    let offer = in_place(message.channel_id, place);
    InboundMessage {
        event_id: Some(message.id.to_string()),
        sender: sender(&message.author, message.member.as_ref()),
        text: text(me, message),
        reply_to: answered_id(message).map(|id| id.to_string()),
        sent_at_ms: Some(message.id.time_ms()),
        metadata: metadata(message, place),
        ..offer
    }
}

/// An empty message of a place. A thread is a part of the channel that it belongs to.
pub(super) fn in_place(channel: Id, place: Place) -> InboundMessage {
    let chat = place.parent.unwrap_or(channel);
    InboundMessage {
        chat_kind: if place.is_private() { ChatKind::Direct } else { ChatKind::Group },
        thread_id: place.parent.map(|_| channel.to_string()),
        ..InboundMessage::new("", chat.to_string(), "")
    }
}

/// Who wrote, under the names that an allow-list may use.
pub(super) fn sender(user: &User, member: Option<&Member>) -> Sender {
    let name = &user.username;
    let aliases = match name.as_str() {
        "" => Vec::new(),
        name => vec![name.to_owned(), format!("@{name}"), format!("{}|{name}", user.id)],
    };
    let nick = member.and_then(|member| member.nick.as_deref());
    let shown = nick.unwrap_or_else(|| user.shown_name());
    Sender {
        id: user.id.to_string(),
        aliases,
        display_name: (!shown.is_empty()).then(|| shown.to_owned()),
        is_bot: user.bot,
    }
}

fn text(me: Id, message: &Message) -> String {
    let own = readable(me, message);
    let context = reply_context(me, message).filter(|_| !own.starts_with('/'));
    let forwarded = message
        .message_snapshots
        .iter()
        .map(|snapshot| format!("[Forwarded: {}]", snapshot.message.content));
    let stickers = message.sticker_items.iter().map(|it| format!("[Sticker: {}]", it.name));
    let parts = context.into_iter().chain(Some(own)).chain(forwarded).chain(stickers);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The text with names instead of ids, and without the name of the bot itself.
fn readable(me: Id, message: &Message) -> String {
    let mut text = message.content.clone();
    for mark in marks_of(me) {
        text = text.replace(&mark, "");
    }
    for user in &message.mentions {
        for mark in marks_of(user.id) {
            text = text.replace(&mark, &format!("@{}", user.shown_name()));
        }
    }
    text.trim().to_owned()
}

/// What the message answers, in the words of the other channels.
fn reply_context(me: Id, message: &Message) -> Option<String> {
    let answered = message.referenced_message.as_deref()?;
    let text = readable(me, answered);
    if text.is_empty() {
        return None;
    }
    let mut short: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(format!("[Reply to {}: {short}]", answered.author.shown_name()))
}

fn answered_id(message: &Message) -> Option<Id> {
    let reference = message.message_reference.as_ref().and_then(|it| it.message_id);
    // A forwarded message is referred to as well, but not answered.
    reference.filter(|_| message.message_snapshots.is_empty())
}

/// The keys of the original.
fn metadata(message: &Message, place: Place) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("message_id".into(), message.id.to_string().into());
    if let Some(guild) = place.guild {
        metadata.insert("guild_id".into(), guild.to_string().into());
    }
    if let Some(answered) = answered_id(message) {
        metadata.insert("reply_to".into(), answered.to_string().into());
    }
    metadata.insert("username".into(), message.author.username.clone().into());
    metadata
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ME: Id = Id(99);
    const SERVER: Place = Place { guild: Some(Id(5)), parent: None };

    fn offer(fields: &Value, place: Place) -> InboundMessage {
        let mut message = json!({
            "id": "175928847299117063", "channel_id": "42", "content": "hello",
            "author": {"id": "7", "username": "ada", "global_name": "Ada L"}
        });
        for (key, value) in fields.as_object().unwrap() {
            message[key] = value.clone();
        }
        inbound(ME, &serde_json::from_value(message).unwrap(), place)
    }

    #[track_caller]
    fn check_text(fields: &Value, expected: &str) {
        assert_eq!(offer(fields, SERVER).text, expected);
    }

    #[test]
    fn sender_is_known_by_id_name_and_both() {
        let sender = offer(&json!({}), Place::PRIVATE).sender;
        let on = |entry: &str| sender.is_on(&[entry.to_owned()]);
        assert!(["7", "ada", "@ada", "7|ada"].into_iter().all(on));
        assert!(!on("8|ada") && !on("Ada L") && !on("7|"));
        assert_eq!(sender.display_name.as_deref(), Some("Ada L"));
        let nick = offer(&json!({"member": {"nick": "Countess"}}), SERVER).sender;
        assert_eq!(nick.display_name.as_deref(), Some("Countess"));
    }

    #[test]
    fn thread_is_part_of_its_channel() {
        let place = Place { guild: Some(Id(5)), parent: Some(Id(41)) };
        let message = offer(&json!({}), place);
        assert_eq!((message.chat_id.as_str(), message.thread_id.as_deref()), ("41", Some("42")));
        assert_eq!(message.chat_kind, ChatKind::Group);
        let private = offer(&json!({}), Place::PRIVATE);
        assert_eq!((private.chat_id.as_str(), private.thread_id), ("42", None));
        assert_eq!(private.chat_kind, ChatKind::Direct);
        assert_eq!(private.sent_at_ms, Some(1_462_015_105_796));
    }

    #[test]
    fn mentions_become_names_and_that_of_the_bot_goes() {
        let bob = json!([{"id": "8", "username": "bob"}, {"id": "99", "username": "nano"}]);
        check_text(&json!({"content": "<@99> ask <@!8> <@99>", "mentions": bob}), "ask @bob");
    }

    #[test]
    fn answered_and_forwarded_messages_are_repeated_but_not_before_a_command() {
        let answered =
            json!({"content": "two plus two?", "author": {"id": "8", "username": "bob"}});
        check_text(
            &json!({"content": "4", "referenced_message": answered}),
            "[Reply to bob: two plus two?]\n4",
        );
        check_text(&json!({"content": "<@99> /new", "referenced_message": answered}), "/new");
        let long = json!({"content": "x".repeat(900), "author": {"id": "8", "username": "bob"}});
        let text = offer(&json!({"referenced_message": long}), SERVER).text;
        assert!(text.contains("x…]") && text.len() < 600);
        check_text(
            &json!({"content": "", "message_snapshots": [{"message": {"content": "news"}}]}),
            "[Forwarded: news]",
        );
        check_text(&json!({"content": "", "sticker_items": [{"name": "Wave"}]}), "[Sticker: Wave]");
    }

    #[test]
    fn metadata_says_what_the_answer_needs() {
        let fields = json!({"message_reference": {"message_id": "3"}});
        let message = offer(&fields, SERVER);
        let expected = json!({
            "message_id": "175928847299117063", "guild_id": "5", "reply_to": "3", "username": "ada"
        });
        assert_eq!(Value::Object(message.metadata), expected);
        assert_eq!(message.reply_to.as_deref(), Some("3"));
    }
}
