//! The way from a tool to a chat.

use std::path::PathBuf;

use async_trait::async_trait;

/// Brings messages of tools to chats.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes a message for delivery; when this returns, it is stored as safely as an answer.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be delivered, e.g. because there is no such channel; the model reads
    /// it.
    async fn send(&self, message: OutboxMessage) -> Result<Posted, OutboxError>;
}

/// A message that a tool sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Names the message within its turn. A turn that is run again gives the same name to what it
    /// sends at the same place, so that nothing is sent twice.
    pub key: String,
    /// Name of the channel.
    pub channel: String,
    /// Chat on that channel.
    pub chat_id: String,
    /// Whether it goes to the chat of the turn; only then may the thread and the message that is
    /// answered be taken from the turn.
    pub is_to_origin: bool,
    /// Text.
    pub text: String,
    /// Files to attach; each lies in the workspace or in the media folder.
    pub media: Vec<PathBuf>,
}

/// What became of a message that a tool sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It was taken.
    Now,
    /// A message with this name was taken before the turn was cut off; this one was not.
    Before,
}

/// Why a message cannot be delivered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OutboxError(pub String);
