use serde::{Deserialize, Serialize};

use crate::{Metadata, OutboundKind, OutboundMessage};

/// One step of a streamed text.
///
/// A stream is one segment of text: any number of calls without [`end`](Self::end), then exactly
/// one with it. While a call is under way, further text is joined, so a slow platform sees fewer
/// and larger steps.
#[derive(Debug, Clone, Copy)]
pub struct Delta<'a> {
    /// The same for all steps of one segment, never used again.
    pub stream_id: &'a str,
    /// Idempotency key of the message that the segment becomes.
    pub delivery_id: &'a str,
    /// The chat, as the channel gave it.
    pub chat_id: &'a str,
    /// Sub-conversation inside the chat.
    pub thread_id: Option<&'a str>,
    /// The whole text so far; the complete text at the end.
    pub text: &'a str,
    /// What `text` gained since the last step.
    pub piece: &'a str,
    /// Set on the last step only.
    pub end: Option<StreamEnd>,
    /// Platform id of the message it answers.
    pub reply_to: Option<&'a str>,
    /// Metadata of the inbound message that this answers.
    pub metadata: &'a Metadata,
}

/// How a segment of a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEnd {
    /// Whether the text is whole.
    pub outcome: StreamOutcome,
    /// True if another segment of the same turn follows, after a tool call for example.
    pub continues: bool,
}

/// Whether a streamed text is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamOutcome {
    /// The model said all it had to say.
    Complete,
    /// A person or a shutdown stopped it.
    Interrupted,
    /// An error cut it; the text says so.
    Failed,
}

impl Delta<'_> {
    /// The same text as a message of its own, for channels that deliver the end like any message.
    #[must_use]
    pub fn to_message(&self) -> OutboundMessage {
        OutboundMessage {
            delivery_id: self.delivery_id.to_owned(),
            chat_id: self.chat_id.to_owned(),
            thread_id: self.thread_id.map(ToOwned::to_owned),
            text: self.text.to_owned(),
            kind: OutboundKind::Final,
            attachments: Vec::new(),
            reply_to: self.reply_to.map(ToOwned::to_owned),
            attempt: 1,
            metadata: self.metadata.clone(),
        }
    }
}
