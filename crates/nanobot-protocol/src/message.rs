use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Metadata;

/// A person wrote to the agent.
///
/// The answer means that the message is durably stored, or never will be: either way the plugin may
/// commit its cursor on the platform. An error means that it was not stored; of kind `overloaded`,
/// that it should be offered again after `retry_after_ms`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageReceived {
    /// The platform's id of the event; the same id twice is one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Where it was written, and where the reply goes.
    pub chat: Chat,
    /// Sub-conversation inside the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Who wrote it.
    pub sender: Sender,
    /// The text; empty if there are only attachments.
    pub text: String,
    /// How to read `text`.
    #[serde(default)]
    pub format: TextFormat,
    /// Files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Platform id of the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// When it was written, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at_ms: Option<u64>,
    /// The agent's memory to use, instead of the one of the chat and thread. Always one of this
    /// channel: a key that does not begin with its name and a colon gets them put before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// Comes back unchanged with every outbound message of this turn.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

/// Answer to [`MessageReceived`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageReceivedAnswer {
    /// True if the agent will answer it.
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<DeniedReason>,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeniedReason {
    /// The same `event_id` was accepted before.
    Duplicate,
    /// The sender is not on the channel's allow-list; a reader treats reasons it does not know as
    /// this one.
    #[serde(other)]
    Denied,
}

/// Where a message was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chat {
    /// The platform's id of the chat.
    pub id: String,
    /// Who can read it.
    #[serde(default)]
    pub kind: ChatKind,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatTarget {
    /// As the plugin gave it in `message/received`.
    pub id: String,
    /// As the plugin gave it in `message/received`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// Who can read a chat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// One person and the agent.
    #[default]
    Direct,
    /// Several people.
    Group,
    /// A broadcast channel; a reader treats kinds it does not know as this one.
    #[serde(other)]
    Channel,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sender {
    /// The platform's stable id, matched against the allow-list.
    pub id: String,
    /// Further names that the allow-list may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// True for another program.
    #[serde(default)]
    pub is_bot: bool,
    /// True if the plugin let the sender pass by a rule of its own; capability `vouches`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vouched: bool,
}

/// How to read a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// As CommonMark.
    Markdown,
    /// As it stands; a reader treats formats it does not know as this one.
    #[default]
    #[serde(other)]
    Plain,
}

/// A file that belongs to a message; exactly one of `path` and `url` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// What kind of file it is.
    pub kind: AttachmentKind,
    /// Absolute path. Received files lie in `media_dir` and belong to the host once accepted; files
    /// to send are readable until the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Address, `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// MIME type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// File name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// Kind of an [`Attachment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum AttachmentKind {
    Image,
    Audio,
    Video,
    #[serde(other)]
    File,
}

/// Delivers one message. The host has at most one outbound request in flight for each chat, streams
/// included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageSend {
    /// Idempotency key: twice the same id is one message.
    pub delivery_id: String,
    /// Where it goes.
    pub chat: ChatTarget,
    /// CommonMark.
    pub text: String,
    /// What the message is for.
    pub kind: MessageKind,
    /// Files to attach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Platform id of the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// 1 for the first try.
    pub attempt: u32,
    /// Metadata of the message that it answers.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

/// What an outbound message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// An answer of the agent.
    Final,
    /// What the agent says while it works.
    Progress,
    /// A short line about a tool call.
    ToolHint,
    /// A word of the gateway itself; a reader treats kinds it does not know as this one.
    #[serde(other)]
    Notice,
}

/// Receipt: the message is on the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageSendAnswer {
    /// The platform's ids, in order of the parts.
    #[serde(default)]
    pub platform_ids: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_later_version_are_read_as_the_last_of_their_list() {
        let chat: Chat = serde_json::from_str(r#"{"id":"7","kind":"planet"}"#).unwrap();
        assert_eq!(chat.kind, ChatKind::Channel);
        let format: TextFormat = serde_json::from_str(r#""html""#).unwrap();
        assert_eq!(format, TextFormat::Plain);
        let answer = r#"{"accepted":false,"reason":"moonshine"}"#;
        let answer: MessageReceivedAnswer = serde_json::from_str(answer).unwrap();
        assert_eq!(answer.reason, Some(DeniedReason::Denied));
    }
}
