use serde::{Deserialize, Serialize};

use crate::{Attachment, Metadata};

/// A message from the agent to a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboundMessage {
    /// Idempotency key: two calls with one id mean the same message.
    pub delivery_id: String,
    /// The chat, as the channel gave it.
    pub chat_id: String,
    /// Sub-conversation inside the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Markdown (CommonMark); convert it to the platform's format.
    pub text: String,
    /// What the message is for.
    pub kind: OutboundKind,
    /// Files to attach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Platform id of the message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// 1 for the first try.
    pub attempt: u32,
    /// Metadata of the inbound message that this answers, if it answers one.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

/// What an outbound message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboundKind {
    /// An answer of the agent.
    Final,
    /// What the agent says while it works; the first to be left out under pressure.
    Progress,
    /// A short line about a tool call.
    ToolHint,
    /// A word of the gateway itself: an error, a restart.
    Notice,
}

/// What a channel answers to a delivery that succeeded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The platform's ids of what was sent, in order of the parts; empty if it has none.
    #[serde(default)]
    pub platform_ids: Vec<String>,
}

impl Receipt {
    /// A receipt with one platform id.
    #[must_use]
    pub fn with_id(id: impl Into<String>) -> Self {
        Self { platform_ids: vec![id.into()] }
    }
}
