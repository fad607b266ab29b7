use std::hash::{DefaultHasher, Hash, Hasher};

use nanobot_channel::ChannelError;
use nanobot_channel_kit::{Note, Shown};
use sha2::{Digest, Sha256};

use super::Speaker;
use super::target::Target;
use crate::api::{ApiError, ContentEdit, Id, Message, NewMessage, NoMentions, code};

pub(super) const SENDING: &str = "failed to send the message";
/// Refusals of an edit whose message is not there any more, or is somebody else's.
const GONE: &[u32] = &[code::UNKNOWN_MESSAGE, code::OTHERS_MESSAGE, code::OLD_EDITS];

/// A part of a delivery on its way out.
struct Outgoing<'a> {
    delivery: &'a str,
    index: usize,
    content: &'a str,
    /// The message that it takes the place of.
    replaces: Option<Id>,
    /// True if it may have been sent before.
    is_repeated: bool,
}

impl Speaker {
    /// Makes the messages of a delivery show these parts: messages that are there are edited where
    /// they differ, missing ones are sent, superfluous ones deleted.
    pub(super) async fn place(
        &self,
        delivery: &str,
        target: &Target,
        parts: &[String],
        is_repeated: bool,
    ) -> Result<Vec<Id>, ChannelError> {
        let known = self.deliveries.get(delivery).parts;
        let mut ids = Vec::new();
        for (index, content) in parts.iter().enumerate() {
            let shown = known.get(index);
            let replaces = shown.map(|shown| shown.message_id);
            let part = Outgoing { delivery, index, content, replaces, is_repeated };
            ids.push(self.place_part(target, &part, shown).await?);
        }
        if known.len() > parts.len() && !parts.is_empty() {
            self.remove(delivery, target, &known[parts.len()..], parts.len()).await;
        }
        Ok(ids)
    }

    async fn place_part(
        &self,
        target: &Target,
        part: &Outgoing<'_>,
        shown: Option<&Shown<Id>>,
    ) -> Result<Id, ChannelError> {
        let hash = hash(part.content);
        if let Some(shown) = shown.filter(|shown| shown.text == Some(hash)) {
            return Ok(shown.message_id);
        }
        let edited = match shown {
            Some(shown) => self.edit(target, shown.message_id, part.content).await?,
            None => None,
        };
        let id = match edited {
            Some(id) => id,
            None => self.send_part(target, part).await?,
        };
        self.deliveries.shows(part.delivery, part.index, hash);
        Ok(id)
    }

    async fn send_part(&self, target: &Target, part: &Outgoing<'_>) -> Result<Id, ChannelError> {
        let message_id = match self.found_or_answered(target, part).await? {
            Some(id) => id,
            None => self.create(target, part).await?,
        };
        let (delivery, index) = (part.delivery.to_owned(), part.index);
        self.deliveries.note(Note::Part { delivery, index, message_id }).await;
        Ok(message_id)
    }

    /// The message if it is there already, or becomes the answer of a command.
    async fn found_or_answered(
        &self,
        target: &Target,
        part: &Outgoing<'_>,
    ) -> Result<Option<Id>, ChannelError> {
        if part.is_repeated
            && let Some(found) = self.find_sent(target, part.content, &[]).await?
        {
            return Ok(Some(found));
        }
        if part.index > 0 || part.replaces.is_some() {
            return Ok(None);
        }
        self.answer_command(target, part.content).await
    }

    /// Puts the answer in the place of "thinking…"; None if there is none, or not any more.
    async fn answer_command(
        &self,
        target: &Target,
        content: &str,
    ) -> Result<Option<Id>, ChannelError> {
        let Some(interaction) = &target.interaction else { return Ok(None) };
        match self.api.answer_interaction(interaction, &ContentEdit::new(content)).await {
            Ok(message) => {
                self.interactions.forget(interaction.id);
                Ok(Some(message.id))
            }
            Err(error) if error.may_pass() => Err(error.into_channel_error(SENDING)),
            Err(error) => {
                tracing::debug!(%error, "An answer to a command becomes a message of its own.");
                self.interactions.forget(interaction.id);
                Ok(None)
            }
        }
    }

    async fn create(&self, target: &Target, part: &Outgoing<'_>) -> Result<Id, ChannelError> {
        let nonce = nonce(part.delivery, "part", part.index, part.replaces);
        // Only the first part answers the question; the others follow it.
        let mut message = new_message(part.content, &nonce, Vec::new());
        message.message_reference = target.reference().filter(|_| part.index == 0);
        let mut sent = self.api.create_message(target.channel, &message).await;
        if sent.as_ref().is_err_and(|error| error.is_code(&[code::NO_REPLY_WITHOUT_HISTORY])) {
            message.message_reference = None;
            sent = self.api.create_message(target.channel, &message).await;
        }
        let sent = sent.map_err(|error| error.into_channel_error(SENDING))?;
        self.catch_up_with(target, &sent, part.content).await?;
        Ok(sent.id)
    }

    /// Where the nonce was known, Discord answers with the message that is there, and that shows
    /// what the text was at that time.
    async fn catch_up_with(
        &self,
        target: &Target,
        sent: &Message,
        content: &str,
    ) -> Result<(), ChannelError> {
        if sent.content.trim() != content.trim() {
            self.edit(target, sent.id, content).await?;
        }
        Ok(())
    }

    /// Changes a message; None if it is not there any more.
    async fn edit(
        &self,
        target: &Target,
        message: Id,
        content: &str,
    ) -> Result<Option<Id>, ChannelError> {
        let edit = ContentEdit::new(content);
        match self.api.edit_message(target.channel, message, &edit).await {
            Ok(_) => Ok(Some(message)),
            Err(error) if error.is_code(GONE) => Ok(None),
            Err(error) => Err(error.into_channel_error("failed to edit the message")),
        }
    }

    /// Deletes the messages of parts that the text no longer has. They hold nothing that the others
    /// do not, so a failure is no failure of the delivery.
    async fn remove(&self, delivery: &str, target: &Target, shown: &[Shown<Id>], first: usize) {
        for shown in shown {
            let deleted = self.api.delete_message(target.channel, shown.message_id).await;
            log_deletion(deleted.err());
        }
        self.deliveries.note(Note::Cut { delivery: delivery.to_owned(), index: first }).await;
    }
}

fn log_deletion(error: Option<ApiError>) {
    if let Some(error) = error {
        tracing::debug!(%error, "Could not delete a superfluous message.");
    }
}

pub(super) fn new_message<'a>(
    content: &'a str,
    nonce: &'a str,
    attachments: Vec<serde_json::Value>,
) -> NewMessage<'a> {
    NewMessage {
        content,
        nonce,
        enforce_nonce: true,
        allowed_mentions: NoMentions::new(),
        message_reference: None,
        attachments,
    }
}

/// The same 24 characters for the same part of the same delivery. A message that takes the place of
/// one that is gone must have another nonce, or Discord would answer with the one that is gone.
pub(super) fn nonce(delivery: &str, what: &str, index: usize, replaces: Option<Id>) -> String {
    let replaced = replaces.unwrap_or_default();
    let digest = Sha256::digest(format!("{delivery}\n{what}\n{index}\n{replaced}"));
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonce_is_the_same_for_the_same_part_only() {
        let first = nonce("d", "part", 0, None);
        assert_eq!(first, nonce("d", "part", 0, None));
        assert!(first.len() <= 25);
        for other in [
            nonce("e", "part", 0, None),
            nonce("d", "part", 1, None),
            nonce("d", "file", 0, None),
            nonce("d", "part", 0, Some(Id(5))),
        ] {
            assert_ne!(first, other);
        }
    }
}
