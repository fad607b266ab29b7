//! Messages of one channel to the chats of another.
//!
//! The channel names it with nothing but its platform's credentials, which it never sees: what it may
//! do is said by [`Rights`](crate::Rights), how much by the bounds here, and each message is logged.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nanobot_channel::{
    Attachment, ChannelError, ErrorKind, Location, OutboundKind, OutboundMessage, Publication,
};
use nanobot_ledger::{LedgerError, OutboundEntry, TurnCommit, new_id};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{Intake, bounds, cannot_store, overloaded};

/// Messages of one channel that wait for room in the other's lanes.
const MAX_WAITING: usize = 8;
/// Messages of one channel to others within a minute.
const MAX_PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// How much one channel has published.
pub(crate) struct Publishing {
    room: Semaphore,
    /// When the minute began that is being counted, and how many there were since.
    counted: Mutex<(Instant, u32)>,
}

impl Default for Publishing {
    fn default() -> Self {
        Self { room: Semaphore::new(MAX_WAITING), counted: Mutex::new((Instant::now(), 0)) }
    }
}

impl Publishing {
    /// Counts one more message, unless there were too many; then, how long to wait.
    fn count(&self, now: Instant) -> Result<(), Duration> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = &mut *counted;
        if now.duration_since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        if *count >= MAX_PER_MINUTE {
            return Err(MINUTE.saturating_sub(now.duration_since(*since)));
        }
        *count += 1;
        Ok(())
    }
}

impl Intake {
    pub(super) async fn pass_on(&self, message: Publication) -> Result<(), ChannelError> {
        self.check_right(&message.channel)?;
        bounds::check_publication(&message)?;
        let entry = self.entry(message).await?;
        let reception = &self.reception;
        if reception.closing.is_cancelled() {
            return Err(overloaded("the gateway is stopping"));
        }
        let Ok(_room) = self.publishing.room.try_acquire() else {
            return Err(overloaded("too many messages wait for other channels"));
        };
        self.publishing.count(Instant::now()).map_err(|wait| {
            let text = format!("at most {MAX_PER_MINUTE} messages a minute go to other channels");
            ChannelError::new(ErrorKind::Overloaded, text).with_retry_after(wait)
        })?;
        self.store(&entry).await.map_err(|error| cannot_store(&self.channel, error))?;
        tracing::info!(
            channel = self.channel,
            to = entry.channel,
            delivery_id = entry.message.delivery_id,
            "Took a message of a channel for another one."
        );
        reception.delivery.enqueue(entry).await;
        Ok(())
    }

    fn check_right(&self, to: &str) -> Result<(), ChannelError> {
        if !self.reception.roster.rights(&self.channel).may_publish_to(to) {
            let text = format!("the config does not let this channel write to {to}");
            let hint = format!("add \"{to}\" to publishTo in the section of this channel");
            return Err(ChannelError::rejected(text).with_hint(hint));
        }
        if !self.reception.board.has(to) {
            let text = format!("there is no enabled channel {to}");
            return Err(ChannelError::new(ErrorKind::NotFound, text));
        }
        Ok(())
    }

    /// What is to be delivered. Files are named by the channel, which may only send its own.
    async fn entry(&self, message: Publication) -> Result<OutboundEntry, ChannelError> {
        let mut attachments = Vec::with_capacity(message.attachments.len());
        for attachment in message.attachments {
            let location = match attachment.location {
                Location::Path(path) => Location::Path(self.folders.own_file(&path).await?),
                url @ Location::Url(_) => url,
            };
            attachments.push(Attachment { location, ..attachment });
        }
        let outbound = OutboundMessage {
            delivery_id: new_id(),
            chat_id: message.chat_id,
            thread_id: message.thread_id,
            text: message.text,
            kind: OutboundKind::Final,
            attachments,
            reply_to: message.reply_to,
            attempt: 1,
            metadata: message.metadata,
        };
        Ok(OutboundEntry { channel: message.channel, message: outbound })
    }

    /// Without an entry of the history: what a plugin says must not become the agent's own words.
    async fn store(&self, entry: &OutboundEntry) -> Result<(), LedgerError> {
        let commit = TurnCommit {
            session: format!("{}:{}", entry.channel, entry.message.chat_id),
            outbound: vec![entry.clone()],
            ..TurnCommit::default()
        };
        self.reception.ledger.commit_turn(commit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_channel_publishes_no_more_than_its_share_of_each_minute() {
        let publishing = Publishing::default();
        for _ in 0..MAX_PER_MINUTE {
            assert_eq!(publishing.count(Instant::now()), Ok(()));
        }
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(publishing.count(Instant::now()), Err(Duration::from_secs(40)));
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(publishing.count(Instant::now()), Ok(()));
    }
}
