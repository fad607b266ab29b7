use std::time::Duration;

use futures_util::{StreamExt, stream};
use nanobot_channel::ChannelError;

use super::Receiver;
use super::backlog::{Backlog, Plan, Unit};
use super::cursor::Cursor;
use crate::api::{ApiError, GetUpdates, Update};
use nanobot_channel_kit::{Backoff, now_ms};

/// How long Telegram holds a question open while nothing happens, in seconds.
const POLL_SECONDS: u64 = 50;
const BATCH: u8 = 100;
/// How long a media group is waited for.
const GROUP_WAIT: Duration = Duration::from_millis(600);
/// Chats that are handled at the same time: a large file in one must not hold up the others.
const CHATS_AT_ONCE: usize = 16;

/// Long polling. See [Bot API/getUpdates](https://core.telegram.org/bots/api#getupdates).
pub(super) async fn run(receiver: &Receiver) -> Result<(), ChannelError> {
    let mut poll = Poll {
        receiver,
        cursor: Cursor::open(&receiver.cx.state_dir, receiver.api.bot_id()).await,
        backlog: Backlog::default(),
        is_collecting: false,
    };
    let mut backoff = Backoff::default();
    receiver.report_connected(false);
    while !receiver.cx.shutdown.is_cancelled() {
        match poll.ask().await {
            Ok(updates) => {
                backoff.reset();
                receiver.report_connected(!updates.is_empty());
                poll.batch(updates).await;
            }
            Err(error) => {
                if !receiver.wait_after(error, &mut backoff).await? {
                    break;
                }
            }
        }
    }
    Ok(())
}

struct Poll<'a> {
    receiver: &'a Receiver,
    cursor: Cursor,
    backlog: Backlog,
    is_collecting: bool,
}

impl Poll<'_> {
    /// Asks for updates. This also tells Telegram to forget those before the offset.
    async fn ask(&self) -> Result<Vec<Update>, ApiError> {
        let params = GetUpdates {
            offset: self.cursor.offset(now_ms()),
            limit: BATCH,
            timeout: if self.is_collecting { 0 } else { POLL_SECONDS },
            allowed_updates: self.receiver.allowed_updates(),
        };
        self.receiver.until_shutdown(self.receiver.api.get_updates(&params)).await
    }

    async fn batch(&mut self, updates: Vec<Update>) {
        let pending: Vec<i64> = updates.iter().map(|update| update.id).collect();
        let Plan { lanes, empty, is_collecting } = self.backlog.plan(updates);
        self.backlog.finish(empty);
        let finished = self.take_lanes(lanes).await;
        self.backlog.finish(finished);
        self.is_collecting = is_collecting;
        let is_kept = match self.backlog.offset(&pending) {
            Some(offset) => self.commit(offset).await,
            None => true,
        };
        if is_collecting || !is_kept {
            self.receiver.pause(GROUP_WAIT).await;
        }
    }

    /// Hands over the units of all chats; says which updates are done.
    async fn take_lanes(&self, lanes: Vec<Vec<Unit>>) -> Vec<i64> {
        let lanes = stream::iter(lanes).map(|lane| self.take_lane(lane));
        lanes.buffer_unordered(CHATS_AT_ONCE).collect::<Vec<_>>().await.concat()
    }

    async fn take_lane(&self, lane: Vec<Unit>) -> Vec<i64> {
        let mut done = Vec::new();
        for unit in lane {
            if self.receiver.cx.shutdown.is_cancelled() || !self.receiver.take(&unit).await {
                break;
            }
            done.extend(unit.update_ids);
        }
        done
    }

    /// Keeps the offset. If the disk fails, Telegram sends the same updates again, and those that
    /// are done are known.
    async fn commit(&mut self, offset: i64) -> bool {
        match self.cursor.advance(offset, now_ms()).await {
            Ok(()) => {
                self.backlog.forget_before(offset);
                true
            }
            Err(error) => {
                tracing::error!(%error, "Could not keep the place in Telegram's updates.");
                false
            }
        }
    }
}
