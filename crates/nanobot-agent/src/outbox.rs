//! The way from a tool to a chat.

use std::path::PathBuf;

use async_trait::async_trait;

/// Brings messages of tools to chats.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes a message for delivery.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be delivered, e.g. because there is no such channel; the model reads
    /// it.
    async fn send(&self, message: OutboxMessage) -> Result<(), OutboxError>;
}

/// A message that a tool sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
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

/// Why a message cannot be delivered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OutboxError(pub String);
