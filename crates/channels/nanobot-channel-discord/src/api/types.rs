//! What Discord sends. Only the fields that are used: the others, and new ones, are skipped.

use serde::Deserialize;

use super::Id;

/// See [Discord/message object](https://docs.discord.com/developers/resources/message#message-object).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    pub(crate) id: Id,
    pub(crate) channel_id: Id,
    /// Only in events, not in the history.
    pub(crate) guild_id: Option<Id>,
    pub(crate) author: User,
    /// Only in events, not in the history.
    pub(crate) member: Option<Member>,
    pub(crate) content: String,
    #[serde(rename = "type")]
    pub(crate) kind: u8,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) mentions: Vec<User>,
    pub(crate) message_reference: Option<Reference>,
    pub(crate) referenced_message: Option<Box<Message>>,
    pub(crate) message_snapshots: Vec<Snapshot>,
    pub(crate) sticker_items: Vec<Named>,
    pub(crate) webhook_id: Option<Id>,
}

/// See [Discord/message reference](https://docs.discord.com/developers/resources/message#message-reference-structure).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reference {
    pub(crate) message_id: Option<Id>,
}

/// The content of a forwarded message.
/// See [Discord/message snapshot](https://docs.discord.com/developers/resources/message#message-snapshot-object).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Snapshot {
    pub(crate) message: Message,
}

/// See [Discord/attachment](https://docs.discord.com/developers/resources/message#attachment-object).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attachment {
    pub(crate) id: Id,
    pub(crate) filename: String,
    pub(crate) content_type: Option<String>,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) url: String,
}

/// See [Discord/user](https://docs.discord.com/developers/resources/user#user-object).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) username: String,
    pub(crate) global_name: Option<String>,
    pub(crate) bot: bool,
}

impl User {
    /// The name that people see.
    pub(crate) fn shown_name(&self) -> &str {
        self.global_name.as_deref().unwrap_or(&self.username)
    }
}

/// See [Discord/guild member](https://docs.discord.com/developers/resources/guild#guild-member-object).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    pub(crate) user: Option<User>,
    pub(crate) nick: Option<String>,
}

/// Anything of which only the name matters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    pub(crate) name: String,
}

/// A channel, a thread or a private chat.
/// See [Discord/channel](https://docs.discord.com/developers/resources/channel#channel-object).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    pub(crate) id: Id,
    #[serde(rename = "type")]
    pub(crate) kind: u8,
    pub(crate) guild_id: Option<Id>,
    pub(crate) parent_id: Option<Id>,
    pub(crate) last_message_id: Option<Id>,
}

impl Channel {
    /// See [Discord/channel types](https://docs.discord.com/developers/resources/channel#channel-object-channel-types).
    fn is_thread(&self) -> bool {
        matches!(self.kind, 10..=12)
    }

    /// The channel that a thread belongs to. Other channels may have a category as parent.
    pub(crate) fn thread_parent(&self) -> Option<Id> {
        self.parent_id.filter(|_| self.is_thread())
    }

    /// Private chats, with one person or several.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self.kind, 1 | 3)
    }

    /// True where people write messages: text, private, voice, announcements, threads, stages.
    pub(crate) fn holds_messages(&self) -> bool {
        matches!(self.kind, 0..=3 | 5 | 10..=13)
    }
}

/// A server, when the gateway tells of it.
/// See [Discord/guild create](https://docs.discord.com/developers/events/gateway-events#guild-create).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Guild {
    pub(crate) id: Id,
    pub(crate) channels: Vec<Channel>,
    pub(crate) threads: Vec<Channel>,
}

/// See [Discord/ready](https://docs.discord.com/developers/events/gateway-events#ready).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Ready {
    pub(crate) user: User,
    pub(crate) session_id: String,
    pub(crate) resume_gateway_url: String,
    pub(crate) application: Application,
}

/// What READY says of the application.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Application {
    pub(crate) id: Id,
}

/// See [Discord/interaction](https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object).
#[derive(Clone, Deserialize)]
pub(crate) struct Interaction {
    pub(crate) id: Id,
    pub(crate) application_id: Id,
    #[serde(rename = "type")]
    pub(crate) kind: u8,
    pub(crate) data: Option<CommandData>,
    pub(crate) guild_id: Option<Id>,
    pub(crate) channel_id: Option<Id>,
    /// Who it was, in a server.
    pub(crate) member: Option<Member>,
    /// Who it was, in private.
    pub(crate) user: Option<User>,
    /// Good for 15 minutes of answers.
    pub(crate) token: String,
}

/// Without the token.
impl std::fmt::Debug for Interaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interaction").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The command that somebody gave.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CommandData {
    pub(crate) name: String,
    pub(crate) options: Vec<CommandOption>,
}

/// A word behind a command.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CommandOption {
    pub(crate) value: serde_json::Value,
}

/// See [Discord/get gateway bot](https://docs.discord.com/developers/events/gateway#get-gateway-bot).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GatewayBot {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) session_start_limit: SessionStartLimit,
}

/// How many sessions may still be begun.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SessionStartLimit {
    pub(crate) remaining: u32,
    /// Milliseconds until the count begins anew.
    pub(crate) reset_after: u64,
}

impl Default for SessionStartLimit {
    fn default() -> Self {
        Self { remaining: 1, reset_after: 0 }
    }
}
