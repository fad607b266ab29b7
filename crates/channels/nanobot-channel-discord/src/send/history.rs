use nanobot_channel::ChannelError;
use nanobot_channel_kit::now_ms;

use super::Speaker;
use super::place::SENDING;
use super::target::Target;
use crate::api::{Id, Message};

/// How far back a message is looked for, in milliseconds: as long as the gateway keeps trying.
const LOOK_BACK_MS: u64 = 24 * 60 * 60 * 1000;

impl Speaker {
    /// Looks in the channel for a message that was sent before a crash and not noted.
    ///
    /// Only the newest hundred messages are looked at, and none before the question. What is noted for another
    /// delivery is that delivery's, also if it says the same.
    pub(super) async fn find_sent(
        &self,
        target: &Target,
        content: &str,
        files: &[String],
    ) -> Result<Option<Id>, ChannelError> {
        let since = target.reply.unwrap_or(Id::at(now_ms().saturating_sub(LOOK_BACK_MS)));
        let messages = match self.api.latest_messages(target.channel).await {
            Ok(messages) => messages,
            Err(error) if error.may_pass() => return Err(error.into_channel_error(SENDING)),
            // Without the permission to read the history Discord's memory of nonces has to do.
            Err(error) => {
                tracing::debug!(%error, "Could not look for a message that may be there.");
                return Ok(None);
            }
        };
        let own = self.own_id();
        let is_it = |message: &&Message| {
            message.id > since
                && Some(message.author.id) == own
                && message.content.trim() == content.trim()
                && message.attachments.len() == files.len()
                && message.attachments.iter().zip(files).all(|(it, name)| it.filename == *name)
                && !self.deliveries.has_message(&message.id)
        };
        Ok(messages.iter().rfind(is_it).map(|message| message.id))
    }
}
