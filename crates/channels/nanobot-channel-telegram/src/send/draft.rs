//! Telegram's own preview of a message that is being written.
//!
//! It is there for half a minute after its last change and leaves nothing behind, so the whole text
//! is sent at the end. See [Bot API/sendMessageDraft].
//!
//! [Bot API/sendMessageDraft]: https://core.telegram.org/bots/api#sendmessagedraft

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;

use nanobot_channel::ChannelError;

use super::Speaker;
use super::place::BAD_MARKUP;
use super::target::Target;
use crate::api::{ApiError, ChatRef, HTML, SendDraft};
use crate::format::Part;

impl Speaker {
    /// Shows a text that is still being written; says which messages it has so far.
    pub(super) async fn preview(
        &self,
        delivery: &str,
        target: &Target,
        parts: &[Part],
    ) -> Result<Vec<i64>, ChannelError> {
        // What an earlier process began as messages goes on in them.
        let has_begun = self.deliveries.get(delivery).parts.len() >= parts.len();
        if let (ChatRef::Id(chat), false, Some((last, whole))) =
            (&target.chat, target.is_group() || has_begun, parts.split_last())
            && self.uses_drafts.load(Ordering::Relaxed)
        {
            let ids = self.place(delivery, target, whole).await?;
            if self.draft(*chat, delivery, target, last).await? {
                return Ok(ids);
            }
        }
        self.place(delivery, target, parts).await
    }

    /// False if this text cannot be shown as a draft.
    async fn draft(
        &self,
        chat_id: i64,
        delivery: &str,
        target: &Target,
        part: &Part,
    ) -> Result<bool, ChannelError> {
        let draft = SendDraft {
            chat_id,
            message_thread_id: target.thread,
            draft_id: draft_id(delivery),
            text: &part.html,
            parse_mode: HTML,
        };
        match self.api.send_draft(&draft).await {
            Ok(()) => Ok(true),
            Err(error) if error.says(BAD_MARKUP) => Ok(false),
            Err(error) if is_unsupported(&error) => {
                tracing::warn!(%error, "Telegram shows no drafts; showing edits instead.");
                self.uses_drafts.store(false, Ordering::Relaxed);
                Ok(false)
            }
            Err(error) => Err(error.into_channel_error("failed to show a draft")),
        }
    }
}

/// A Bot API server that does not know the method answers 404.
fn is_unsupported(error: &ApiError) -> bool {
    matches!(error.code(), Some(400 | 404))
}

/// Drafts with the same number are one that changes; 0 is none.
fn draft_id(delivery: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    delivery.hash(&mut hasher);
    // Positive also for those who keep it in 32 bits with a sign.
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    (u32::from_le_bytes([a, b, c, d]) >> 1).max(1)
}
