use serde::{Deserialize, Serialize};

use crate::{Attachment, Metadata};

/// A message that a person wrote to the agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// The platform's own id of this event. The same id twice on one channel is one message, so a
    /// channel that may receive an event again after a reconnect should set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The chat that the reply goes to.
    pub chat_id: String,
    /// Whether one person or several can read the chat.
    pub chat_kind: ChatKind,
    /// Sub-conversation inside the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Who wrote it.
    pub sender: Sender,
    /// The text, empty if there are only attachments.
    pub text: String,
    /// Files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Platform id of the message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// When it was written by the platform's clock, in milliseconds since 1970.
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

/// Who can read a chat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// One person and the agent.
    #[default]
    Direct,
    /// Several people.
    Group,
    /// A broadcast channel.
    Channel,
}

/// Who wrote a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The platform's stable id, matched against the allow-list.
    pub id: String,
    /// Further names that the allow-list may use, such as a user name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// True for another program.
    #[serde(default)]
    pub is_bot: bool,
}

/// What became of a message that was handed to the gateway. In each case the channel may commit its
/// cursor: the same message need not be offered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// Stored; the agent will answer it.
    Accepted,
    /// Stored before under the same event id.
    Duplicate,
    /// The sender is not on the channel's allow-list; nothing was stored.
    Denied,
}

impl InboundMessage {
    /// A text from a person, in the order of Python's `_handle_message`.
    #[must_use]
    pub fn new(
        sender_id: impl Into<String>,
        chat_id: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            event_id: None,
            chat_id: chat_id.into(),
            chat_kind: ChatKind::Direct,
            thread_id: None,
            sender: Sender { id: sender_id.into(), ..Sender::default() },
            text: text.into(),
            attachments: Vec::new(),
            reply_to: None,
            sent_at_ms: None,
            session_key: None,
            metadata: Metadata::new(),
        }
    }

    /// Adds files.
    #[must_use]
    pub fn with_attachments(mut self, files: impl IntoIterator<Item = Attachment>) -> Self {
        self.attachments.extend(files);
        self
    }

    /// Sets the platform's own id of the event.
    #[must_use]
    pub fn with_event_id(mut self, id: impl Into<String>) -> Self {
        self.event_id = Some(id.into());
        self
    }

    /// Sets one entry of the metadata.
    #[must_use]
    pub fn with_metadata(
        mut self,
        key: impl Into<String>,
        value: impl Into<serde_json::Value>,
    ) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }
}

impl Sender {
    /// True if one of the sender's names is on the list, or the list holds `"*"`.
    ///
    /// An empty list allows nobody. Names are compared whole and exactly.
    #[must_use]
    pub fn is_on(&self, allow_list: &[String]) -> bool {
        allow_list
            .iter()
            .any(|entry| entry == "*" || *entry == self.id || self.aliases.contains(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_list_compares_whole_names_and_denies_when_empty() {
        let sender = Sender { id: "42".into(), aliases: vec!["ada".into()], ..Sender::default() };
        let check =
            |list: &[&str]| sender.is_on(&list.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(!check(&[]));
        assert!(check(&["*"]));
        assert!(check(&["7", "42"]));
        assert!(check(&["ada"]));
        assert!(!check(&["4", "424", "ad", "ada|42", ""]));
    }
}
