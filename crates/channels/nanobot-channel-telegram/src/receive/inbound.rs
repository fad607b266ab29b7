//! From messages of Telegram to one message for the gateway. Pure functions.

use nanobot_channel::{ChatKind, InboundMessage, Metadata, Sender};

use super::addressing::{is_direct, text_of, without_command_target};
use super::backlog::Unit;
use crate::api::{Chat, Location, Message, User};

/// Characters of an answered message that are repeated.
const MAX_QUOTED_CHARS: usize = 500;

/// Who wrote a message. Anonymous administrators and linked channels write as a chat.
pub(super) fn sender(message: &Message) -> Sender {
    match (&message.sender_chat, &message.from) {
        (Some(chat), _) => sender_of_chat(chat),
        (None, Some(user)) => sender_of_user(user),
        (None, None) => sender_of_chat(&message.chat),
    }
}

fn sender_of_user(user: &User) -> Sender {
    let last = user.last_name.as_deref().unwrap_or_default();
    let name = format!("{} {last}", user.first_name).trim().to_owned();
    Sender {
        id: user.id.to_string(),
        aliases: aliases(user.id, user.username.as_deref()),
        display_name: (!name.is_empty()).then_some(name).or_else(|| user.username.clone()),
        is_bot: user.is_bot,
    }
}

fn sender_of_chat(chat: &Chat) -> Sender {
    Sender {
        id: chat.id.to_string(),
        aliases: aliases(chat.id, chat.username.as_deref()),
        display_name: chat.title.clone().or_else(|| chat.username.clone()),
        is_bot: false,
    }
}

/// The names that allow-lists of the original use: `id|username`, or either half.
fn aliases(id: i64, username: Option<&str>) -> Vec<String> {
    let names = username.map(|name| [name.to_owned(), format!("@{name}"), format!("{id}|{name}")]);
    names.into_iter().flatten().collect()
}

/// The message without its files; None for events that say nothing, a changed title for example.
pub(super) fn inbound(channel: &str, unit: &Unit) -> Option<InboundMessage> {
    let first = unit.messages.first()?;
    let sender = sender(first);
    let thread_id = thread(first).map(|thread| thread.to_string());
    let chat_id = first.chat.id.to_string();
    // The key of the original, so that its sessions go on.
    let session_key =
        thread_id.as_ref().map(|thread| format!("{channel}:{chat_id}:topic:{thread}"));
    Some(InboundMessage {
        event_id: Some(event_id(&unit.update_ids)),
        chat_kind: chat_kind(&first.chat),
        text: text(&unit.messages),
        reply_to: answered(first).map(|answered| answered.message_id.to_string()),
        sent_at_ms: Some(first.date.saturating_mul(1000)),
        metadata: metadata(first),
        thread_id,
        session_key,
        ..InboundMessage::new("", chat_id, "")
    })
    .map(|message| InboundMessage { sender, ..message })
}

/// The id of an update, or of the first and the last of a group: if a group is collected anew after
/// a crash and then has more members, it must not pass for the smaller one.
fn event_id(update_ids: &[i64]) -> String {
    match update_ids {
        [only] => only.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    }
}

fn chat_kind(chat: &Chat) -> ChatKind {
    match chat.kind.as_str() {
        "private" => ChatKind::Direct,
        "channel" => ChatKind::Channel,
        _ => ChatKind::Group,
    }
}

/// The topic of a forum. Outside of forums the same field names a chain of answers, which is no
/// conversation of its own.
pub(super) fn thread(message: &Message) -> Option<i64> {
    message.message_thread_id.filter(|_| message.is_topic_message)
}

/// The message that this one answers. In a forum every message answers the one that opened the
/// topic; that means nothing.
pub(super) fn answered(message: &Message) -> Option<&Message> {
    message.reply_to_message.as_deref().filter(|answered| answered.forum_topic_created.is_none())
}

fn text(messages: &[Message]) -> String {
    let context = messages.first().and_then(reply_context);
    let own = messages.iter().map(own_text).filter(|text| !text.is_empty());
    context.into_iter().chain(own).collect::<Vec<_>>().join("\n")
}

fn own_text(message: &Message) -> String {
    let text = shown_text(message);
    // A command with anything before it would not be one any more.
    if message.is_edit && !text.starts_with('/') { format!("[Edited] {text}") } else { text }
}

fn shown_text(message: &Message) -> String {
    // A venue comes with its location as well, so it is looked for first.
    if let Some(venue) = &message.venue {
        let Location { latitude, longitude } = venue.location;
        return format!("[Venue: {}, {} ({latitude}, {longitude})]", venue.title, venue.address);
    }
    if let Some(contact) = &message.contact {
        let last = contact.last_name.as_deref().unwrap_or_default();
        let name = format!("{} {last}", contact.first_name);
        return format!("[Contact: {}, {}]", name.trim(), contact.phone_number);
    }
    if let Some(poll) = &message.poll {
        let options: Vec<&str> = poll.options.iter().map(|option| option.text.as_str()).collect();
        return format!("[Poll: {} ({})]", poll.question, options.join(" / "));
    }
    if let Some(location) = &message.location {
        return format!("[Location: {}, {}]", location.latitude, location.longitude);
    }
    if let Some(sticker) = &message.sticker {
        return format!("[Sticker {}]", sticker.emoji.as_deref().unwrap_or_default());
    }
    without_command_target(text_of(message))
}

/// What the message answers, in the words of the original. Not before a command, which would not be
/// one any more.
fn reply_context(message: &Message) -> Option<String> {
    let answered = answered(message)?;
    let quote = message.quote.as_ref().map(|quote| quote.text.as_str());
    let text = quote.unwrap_or_else(|| text_of(answered));
    if text.is_empty() || text_of(message).starts_with('/') {
        return None;
    }
    let mut short: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(format!("[Reply to{}: {short}]", author(answered)))
}

fn author(message: &Message) -> String {
    let name = message.from.as_ref().map(|user| match &user.username {
        Some(name) => format!(" @{name}"),
        None => format!(" {}", user.first_name),
    });
    name.unwrap_or_default()
}

/// The keys of the original.
fn metadata(message: &Message) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("message_id".into(), message.message_id.into());
    metadata.insert("is_group".into(), (!is_direct(&message.chat)).into());
    metadata.insert("is_forum".into(), message.chat.is_forum.into());
    if let Some(thread) = thread(message) {
        metadata.insert("message_thread_id".into(), thread.into());
    }
    if let Some(user) = &message.from {
        metadata.insert("user_id".into(), user.id.into());
        metadata.insert("first_name".into(), user.first_name.clone().into());
        if let Some(name) = &user.username {
            metadata.insert("username".into(), name.clone().into());
        }
    }
    metadata
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn unit(fields: &Value) -> Unit {
        let mut message = json!({
            "message_id": 5, "date": 10, "chat": {"id": 7, "type": "private"},
            "from": {"id": 7, "first_name": "Ada", "last_name": "L", "username": "ada"}
        });
        for (key, value) in fields.as_object().unwrap() {
            message[key] = value.clone();
        }
        let message = serde_json::from_value(message).unwrap();
        Unit { update_ids: vec![100], messages: vec![message] }
    }

    #[track_caller]
    fn check_text(fields: &Value, expected: &str) {
        assert_eq!(inbound("telegram", &unit(fields)).unwrap().text, expected);
    }

    #[test]
    fn sender_is_known_by_id_name_and_both() {
        let sender = inbound("telegram", &unit(&json!({"text": "x"}))).unwrap().sender;
        let on = |entry: &str| sender.is_on(&[entry.to_owned()]);
        assert!(["7", "ada", "@ada", "7|ada"].into_iter().all(on));
        assert!(!on("8|ada") && !on("7|bob") && !on("7|"));
        assert_eq!(sender.display_name.as_deref(), Some("Ada L"));
    }

    #[test]
    fn channel_that_writes_in_a_group_is_the_sender() {
        let unit = unit(&json!({
            "text": "x", "from": {"id": 136817688, "is_bot": true, "first_name": "Channel"},
            "sender_chat": {"id": -100, "type": "channel", "title": "News", "username": "news"}
        }));
        let sender = inbound("telegram", &unit).unwrap().sender;
        assert_eq!((sender.id.as_str(), sender.is_bot), ("-100", false));
    }

    #[test]
    fn answered_message_is_repeated_unless_a_command_follows() {
        let answered = json!({"message_id": 4, "text": "Paris?", "from": {"username": "bob"}});
        check_text(
            &json!({"text": "yes", "reply_to_message": answered}),
            "[Reply to @bob: Paris?]\nyes",
        );
        check_text(
            &json!({"text": "yes", "reply_to_message": answered, "quote": {"text": "Par"}}),
            "[Reply to @bob: Par]\nyes",
        );
        check_text(&json!({"text": "/new", "reply_to_message": answered}), "/new");
    }

    #[test]
    fn what_has_no_text_is_told_in_words() {
        check_text(
            &json!({"location": {"latitude": 1.5, "longitude": -2.0}}),
            "[Location: 1.5, -2]",
        );
        check_text(&json!({"sticker": {"emoji": "🐈"}}), "[Sticker 🐈]");
        let place = json!({"latitude": 1.5, "longitude": 2.5});
        check_text(
            &json!({"location": place, "venue": {
                "location": place, "title": "Café", "address": "Main St 1"
            }}),
            "[Venue: Café, Main St 1 (1.5, 2.5)]",
        );
        check_text(
            &json!({"contact": {"first_name": "Bob", "phone_number": "+491234"}}),
            "[Contact: Bob, +491234]",
        );
        check_text(
            &json!({"poll": {"question": "Tea?", "options": [{"text": "Yes"}, {"text": "No"}]}}),
            "[Poll: Tea? (Yes / No)]",
        );
    }

    #[test]
    fn topic_of_a_forum_is_a_thread_with_the_session_of_the_original() {
        let forum = json!({"id": -9, "type": "supergroup", "is_forum": true});
        let unit = unit(&json!({
            "text": "x", "chat": forum, "message_thread_id": 3, "is_topic_message": true
        }));
        let message = inbound("telegram", &unit).unwrap();
        assert_eq!(message.thread_id.as_deref(), Some("3"));
        assert_eq!(message.session_key.as_deref(), Some("telegram:-9:topic:3"));
        assert_eq!(message.chat_kind, ChatKind::Group);
    }

    #[test]
    fn chain_of_answers_outside_of_a_forum_is_no_thread() {
        let message = inbound("telegram", &unit(&json!({"text": "x", "message_thread_id": 3})));
        assert_eq!(message.unwrap().thread_id, None);
    }

    #[test]
    fn date_that_is_none_is_no_panic() {
        let message = inbound("telegram", &unit(&json!({"text": "x", "date": u64::MAX}))).unwrap();
        assert_eq!(message.sent_at_ms, Some(u64::MAX));
    }

    #[test]
    fn event_of_a_group_names_its_first_and_last_update() {
        assert_eq!(event_id(&[5]), "5");
        assert_eq!(event_id(&[5, 6, 9]), "5-9");
    }
}
