//! What Telegram sends. Only the fields that are used: the others, and new ones, are skipped.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// See [Bot API/Update](https://core.telegram.org/bots/api#update).
#[derive(Debug, Clone)]
pub(crate) struct Update {
    pub(crate) id: i64,
    /// None for kinds of updates that are not used.
    pub(crate) message: Option<Message>,
}

/// Kinds of updates that hold a message, and whether the message was there before.
const KINDS: &[(&str, bool)] = &[
    ("message", false),
    ("channel_post", false),
    ("edited_message", true),
    ("edited_channel_post", true),
];

impl Update {
    /// Reads one update; None if it has no id. An update whose content cannot be read keeps its
    /// id, so that one message of a new kind does not hold up all others.
    pub(crate) fn read(mut update: Value) -> Option<Self> {
        let id = update.get("update_id")?.as_i64()?;
        let content = KINDS.iter().find_map(|(kind, is_edit)| {
            let content = update.get_mut(*kind).map(Value::take);
            content.filter(|content| !content.is_null()).map(|content| (content, *is_edit))
        });
        let message = content.and_then(|(content, is_edit)| {
            let read = serde_json::from_value::<Message>(content);
            let read = read.inspect_err(|error| {
                tracing::warn!(%error, update = id, "Skipped an update that could not be read.");
            });
            read.ok().map(|message| Message { is_edit, ..message })
        });
        Some(Self { id, message })
    }
}

/// See [Bot API/Message](https://core.telegram.org/bots/api#message).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    pub(crate) message_id: i64,
    /// A new version of a message that was there before.
    #[serde(skip)]
    pub(crate) is_edit: bool,
    pub(crate) date: u64,
    pub(crate) chat: Chat,
    pub(crate) from: Option<User>,
    pub(crate) sender_chat: Option<Chat>,
    pub(crate) message_thread_id: Option<i64>,
    pub(crate) is_topic_message: bool,
    pub(crate) text: Option<String>,
    pub(crate) caption: Option<String>,
    pub(crate) entities: Vec<Entity>,
    pub(crate) caption_entities: Vec<Entity>,
    pub(crate) reply_to_message: Option<Box<Message>>,
    pub(crate) quote: Option<Quote>,
    pub(crate) media_group_id: Option<String>,
    pub(crate) photo: Vec<PhotoSize>,
    pub(crate) voice: Option<FileId>,
    pub(crate) audio: Option<FileId>,
    pub(crate) document: Option<FileId>,
    pub(crate) video: Option<FileId>,
    pub(crate) video_note: Option<FileId>,
    pub(crate) animation: Option<FileId>,
    pub(crate) sticker: Option<Sticker>,
    pub(crate) location: Option<Location>,
    pub(crate) venue: Option<Venue>,
    pub(crate) contact: Option<Contact>,
    pub(crate) poll: Option<Poll>,
    pub(crate) forum_topic_created: Option<IgnoredAny>,
}

/// See [Bot API/Chat](https://core.telegram.org/bots/api#chat).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) title: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) is_forum: bool,
}

/// See [Bot API/User](https://core.telegram.org/bots/api#user).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) is_bot: bool,
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) username: Option<String>,
}

/// See [Bot API/MessageEntity](https://core.telegram.org/bots/api#messageentity).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entity {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// In UTF-16 units.
    pub(crate) offset: usize,
    /// In UTF-16 units.
    pub(crate) length: usize,
    pub(crate) user: Option<User>,
}

/// See [Bot API/TextQuote](https://core.telegram.org/bots/api#textquote).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Quote {
    pub(crate) text: String,
}

/// See [Bot API/PhotoSize](https://core.telegram.org/bots/api#photosize).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PhotoSize {
    pub(crate) file_id: String,
    pub(crate) file_unique_id: String,
    pub(crate) width: u64,
    pub(crate) height: u64,
    pub(crate) file_size: Option<u64>,
}

/// What voice, audio, document, video and the like have in common.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FileId {
    pub(crate) file_id: String,
    pub(crate) file_unique_id: String,
    pub(crate) file_name: Option<String>,
    pub(crate) mime_type: Option<String>,
    pub(crate) file_size: Option<u64>,
}

/// See [Bot API/Sticker](https://core.telegram.org/bots/api#sticker).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sticker {
    pub(crate) emoji: Option<String>,
}

/// See [Bot API/Location](https://core.telegram.org/bots/api#location).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Location {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// See [Bot API/Venue](https://core.telegram.org/bots/api#venue).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Venue {
    pub(crate) location: Location,
    pub(crate) title: String,
    pub(crate) address: String,
}

/// See [Bot API/Contact](https://core.telegram.org/bots/api#contact).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Contact {
    pub(crate) phone_number: String,
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
}

/// See [Bot API/Poll](https://core.telegram.org/bots/api#poll).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Poll {
    pub(crate) question: String,
    pub(crate) options: Vec<PollOption>,
}

/// See [Bot API/PollOption](https://core.telegram.org/bots/api#polloption).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PollOption {
    pub(crate) text: String,
}

/// See [Bot API/File](https://core.telegram.org/bots/api#file).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    pub(crate) file_path: Option<String>,
    pub(crate) file_size: Option<u64>,
}

/// What is needed of a message that was sent.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Sent {
    pub(crate) message_id: i64,
}
