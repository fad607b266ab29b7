//! What a plugin may ask of the host beside handing over messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Attachment, ChatTarget, Metadata};

/// Asks for the words of a recording. Capability `transcription` of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AudioTranscribe {
    /// Absolute path of the recording, inside `media_dir` or `state_dir`.
    pub path: String,
}

/// Answer to [`AudioTranscribe`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AudioTranscribeAnswer {
    /// What is said; empty if nothing is.
    pub text: String,
}

/// Sends a message to a chat of another channel. Capability `publish` of the host.
///
/// The answer means that the message is durably stored and will be delivered like an answer of the
/// agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessagePublish {
    /// Name of the other channel's section in the config.
    pub channel: String,
    /// Where it goes on that channel.
    pub chat: ChatTarget,
    /// CommonMark.
    pub text: String,
    /// Files to attach; paths lie inside `media_dir` or `state_dir`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Platform id of the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Goes to the other channel with the message.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}
