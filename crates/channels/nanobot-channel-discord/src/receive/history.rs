use nanobot_channel_kit::{Backoff, now_ms};

use super::Receiver;
use crate::api::{ApiError, Id, Page};

/// An answer to a message that is older than this comes too late.
const MAX_AGE_MS: u64 = 24 * 60 * 60 * 1000;
/// Messages of one moment may come in another order than that of their ids.
const OVERLAP_MS: u64 = 5000;
/// Hundreds of messages that are read of one channel at a time.
const MAX_PAGES: u32 = 20;

impl Receiver {
    /// Takes the messages of a channel behind its cursor. False if the channel stops before.
    pub(super) async fn read_history(&self, channel: Id) -> bool {
        let Some(cursor) = self.cursors.get(channel) else { return true };
        let overlap = Id::at(cursor.time_ms().saturating_sub(OVERLAP_MS));
        let mut after = overlap.max(Id::at(now_ms().saturating_sub(MAX_AGE_MS)));
        for _ in 0..MAX_PAGES {
            let Some(page) = self.page(channel, after).await else {
                return !self.cx.shutdown.is_cancelled();
            };
            let Some(last) = page.last else { return true };
            after = last;
            for message in page.messages {
                if !self.take(&message).await {
                    return false;
                }
            }
            if !page.is_full {
                return true;
            }
        }
        tracing::warn!(pages = MAX_PAGES, "Left out messages of a channel with very many.");
        true
    }

    /// Messages behind an id; None if the channel cannot be read, or shall stop. A failure that may
    /// pass is waited out: messages that come meanwhile would move the cursor past those that were
    /// not read.
    async fn page(&self, channel: Id, after: Id) -> Option<Page> {
        let mut backoff = Backoff::default();
        loop {
            let page = {
                // Not held in the pauses: one channel that cannot be read is no reason for others.
                let _permit = self.histories.acquire().await.ok()?;
                self.until_shutdown(self.api.messages_after(channel, after)).await
            };
            let error = match page {
                Ok(page) => return Some(page),
                Err(error) => error,
            };
            if !error.may_pass() {
                self.cannot_read(channel, &error);
                return None;
            }
            let pause = error.retry_after().unwrap_or_else(|| backoff.next_pause());
            tracing::warn!(%error, "What was missed in a channel cannot be read now.");
            if !self.pause(pause).await {
                return None;
            }
        }
    }

    fn cannot_read(&self, channel: Id, error: &ApiError) {
        tracing::debug!(%error, "A channel cannot be read any more.");
        if matches!(error.status(), Some(403 | 404)) {
            self.cursors.forget(channel);
        }
    }
}
