use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatTarget, ErrorObject, Metadata};

/// Opens a stream: one segment of text that grows. Needs the plugin's capability `streaming`, as all
/// `stream/…` methods do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StreamStart {
    /// Names the stream; never used again.
    pub stream_id: String,
    /// Idempotency key of the message that the stream becomes.
    pub delivery_id: String,
    /// Where it goes.
    pub chat: ChatTarget,
    /// Platform id of the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Metadata of the message that it answers.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

/// Adds text to a stream. The host joins text while the plugin's window is full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamDelta {
    /// The stream.
    pub stream_id: String,
    /// 1 for the first delta of the stream, then one more each.
    pub seq: u64,
    /// What to add.
    pub text: String,
}

/// Says that deltas were dealt with, so that the host may send more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamAck {
    /// The stream.
    pub stream_id: String,
    /// All deltas up to this one.
    pub seq: u64,
    /// Why the platform did not take it; `rate_limited` makes the host wait. Deltas are never
    /// repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
}

/// Ends a stream; exactly one for each `stream/start`, whatever happened. Answered with the receipt
/// of the message: an error makes the host send the whole text with `message/send` and the same
/// `delivery_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamEnd {
    /// The stream.
    pub stream_id: String,
    /// The complete text, so that a plugin may ignore all deltas.
    pub text: String,
    /// Whether the text is whole.
    pub outcome: StreamOutcome,
    /// True if another segment of the same turn follows.
    #[serde(default)]
    pub continues: bool,
}

/// Whether a streamed text is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamOutcome {
    /// A person or a shutdown stopped it.
    Interrupted,
    /// An error cut it; the text says so.
    Failed,
    /// The model said all it had to say; a reader treats outcomes it does not know as this one.
    #[serde(other)]
    Complete,
}
