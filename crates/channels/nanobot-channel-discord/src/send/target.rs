use nanobot_channel::{ChannelError, ErrorKind, Metadata};
use serde_json::Value;

use super::Speaker;
use crate::api::{Id, Interaction, MessageReference};

/// Where a message goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The channel, or the thread: for Discord a thread is a channel too.
    pub(super) channel: Id,
    pub(super) reply: Option<Id>,
    /// The command that is being answered.
    pub(super) interaction: Option<Interaction>,
}

impl Target {
    pub(super) fn reference(&self) -> Option<MessageReference> {
        self.reply.map(|message_id| MessageReference { message_id, fail_if_not_exists: false })
    }
}

impl Speaker {
    pub(super) fn target(
        &self,
        chat_id: &str,
        thread_id: Option<&str>,
        reply_to: Option<&str>,
        metadata: &Metadata,
    ) -> Result<Target, ChannelError> {
        let channel = thread_id.unwrap_or(chat_id).trim().parse().map_err(|_| {
            ChannelError::new(ErrorKind::NotFound, "the chat id is no id of a discord channel")
                .with_hint("copy the id from the channel's menu, with Developer Mode switched on")
        })?;
        // In private it is clear what is answered.
        let is_in_server = metadata.contains_key("guild_id");
        let question = question(metadata).filter(|_| is_in_server);
        let interaction = id(metadata, "interaction_id").and_then(|id| self.interactions.get(id));
        Ok(Target {
            channel,
            reply: reply_to.and_then(|id| id.parse().ok()).or(question),
            interaction,
        })
    }
}

/// The message of Discord that is being answered.
pub(super) fn question(metadata: &Metadata) -> Option<Id> {
    id(metadata, "message_id")
}

fn id(metadata: &Metadata, key: &str) -> Option<Id> {
    metadata.get(key).and_then(Value::as_str).and_then(|id| id.parse().ok())
}
