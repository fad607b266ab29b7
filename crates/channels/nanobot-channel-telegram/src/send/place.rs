use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use nanobot_channel::ChannelError;

use super::Speaker;
use super::target::Target;
use crate::api::{ApiError, ChatRef, EditText, HTML, SendMessage};
use crate::format::Part;
use nanobot_channel_kit::Note;

const SENDING: &str = "failed to send the message";
/// Parts that may follow each other at once; after them one a second, as Telegram asks for.
/// See [Bots FAQ/limits](https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
const BURST: usize = 3;
const PART_PAUSE: Duration = Duration::from_secs(1);

/// Refusals of an edit whose message is not there any more, or not to be changed.
const GONE: &[&str] =
    &["message to edit not found", "message can't be edited", "message_id_invalid"];
const UNCHANGED: &[&str] = &["message is not modified"];
pub(super) const BAD_MARKUP: &[&str] = &["can't parse entities", "can't parse entity"];
const NO_THREAD: &[&str] = &["message thread not found", "topic_deleted", "topic_id_invalid"];

impl Speaker {
    /// Makes the messages of a delivery show these parts: messages that are there are edited where
    /// they differ, missing ones are sent, superfluous ones deleted.
    pub(super) async fn place(
        &self,
        delivery: &str,
        target: &Target,
        parts: &[Part],
    ) -> Result<Vec<i64>, ChannelError> {
        let known = self.deliveries.get(delivery).parts;
        let mut ids = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let hash = hash(&part.html);
            let shown = known.get(index);
            if shown.is_some_and(|shown| shown.text == Some(hash)) {
                ids.extend(shown.map(|shown| shown.message_id));
                continue;
            }
            let edited = match shown {
                Some(shown) => self.edit(target, shown.message_id, part).await?,
                None => None,
            };
            let id = match edited {
                Some(id) => id,
                None => self.send_part(delivery, index, target, part).await?,
            };
            self.deliveries.shows(delivery, index, hash);
            ids.push(id);
        }
        if known.len() > parts.len() && !parts.is_empty() {
            self.remove(delivery, target, parts.len()).await;
        }
        Ok(ids)
    }

    async fn send_part(
        &self,
        delivery: &str,
        index: usize,
        target: &Target,
        part: &Part,
    ) -> Result<i64, ChannelError> {
        if index >= BURST {
            tokio::time::sleep(PART_PAUSE).await;
        }
        // Only the first part answers the question; the others follow it.
        let target =
            if index == 0 { target.clone() } else { Target { reply: None, ..target.clone() } };
        self.begin(delivery, &target).await;
        let message_id = match self.send_text(target, part).await {
            Ok(message_id) => message_id,
            Err(error) => {
                self.failed(delivery, &error).await;
                return Err(error.into_channel_error(SENDING));
            }
        };
        self.deliveries.note(Note::Part { delivery: delivery.to_owned(), index, message_id }).await;
        Ok(message_id)
    }

    async fn send_text(&self, mut target: Target, part: &Part) -> Result<i64, ApiError> {
        let mut is_plain = false;
        loop {
            let message = SendMessage {
                chat_id: target.chat.clone(),
                message_thread_id: target.thread,
                text: if is_plain { &part.plain } else { &part.html },
                parse_mode: (!is_plain).then_some(HTML),
                reply_parameters: target.reply,
            };
            let error = match self.api.send_message(&message).await {
                Ok(sent) => return Ok(sent.message_id),
                Err(error) => error,
            };
            let is_adapted = if error.says(BAD_MARKUP) && !is_plain {
                is_plain = true;
                true
            } else {
                self.adapt(&mut target, &error)
            };
            if !is_adapted {
                return Err(error);
            }
        }
    }

    /// Changes a target after a refusal so that another try may succeed; false if nothing can.
    pub(super) fn adapt(&self, target: &mut Target, error: &ApiError) -> bool {
        if let Some(to) = error.migrate_to() {
            let is_new = target.chat != ChatRef::Id(to);
            self.note_moved(&target.chat, to);
            target.chat = ChatRef::Id(to);
            return is_new;
        }
        // An answer in the wrong place is better than none.
        error.says(NO_THREAD) && target.thread.take().is_some()
    }

    /// Changes a message; None if it is not there any more.
    async fn edit(
        &self,
        target: &Target,
        message_id: i64,
        part: &Part,
    ) -> Result<Option<i64>, ChannelError> {
        let formatted = EditText {
            chat_id: target.chat.clone(),
            message_id,
            text: &part.html,
            parse_mode: Some(HTML),
        };
        let mut edited = self.api.edit_text(&formatted).await;
        if edited.as_ref().is_err_and(|error| error.says(BAD_MARKUP)) {
            let plain = EditText { text: &part.plain, parse_mode: None, ..formatted };
            edited = self.api.edit_text(&plain).await;
        }
        match edited {
            Ok(()) => Ok(Some(message_id)),
            Err(error) if error.says(UNCHANGED) => Ok(Some(message_id)),
            Err(error) if error.says(GONE) || error.migrate_to().is_some() => Ok(None),
            Err(error) => Err(error.into_channel_error("failed to edit the message")),
        }
    }

    /// Deletes the messages of parts that the text no longer has. They hold nothing that the others
    /// do not, so a failure is no failure of the delivery.
    async fn remove(&self, delivery: &str, target: &Target, first: usize) {
        for shown in self.deliveries.get(delivery).parts.iter().skip(first) {
            if let Err(error) = self.api.delete_message(&target.chat, shown.message_id).await {
                tracing::debug!(%error, "Could not delete a superfluous message.");
            }
        }
        self.deliveries.note(Note::Cut { delivery: delivery.to_owned(), index: first }).await;
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
