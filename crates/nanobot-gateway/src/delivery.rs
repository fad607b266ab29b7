//! Brings messages and streams to the channels: one lane for each chat, nothing waits for another
//! chat.
//!
//! Within a chat the order is kept and at most one call is under way. A lane exists only while it
//! has something to do.

mod lane;
mod queue;
mod retry;
mod stream;

pub(crate) use lane::{Courier, guarded};
pub use queue::Queue;
pub use stream::StreamHandle;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_channel::OutboundMessage;
use nanobot_ledger::{LedgerError, OutboundEntry, TurnCommit, WaitingDelivery};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

use stream::StreamBuffer;

/// Messages and streams that may wait in one lane. When it is full, the oldest progress is left out;
/// without any, an answer is not streamed, and finals wait.
const LANE_ITEMS: usize = 100;

/// Hands messages to the lanes. Clones share the same lanes.
#[derive(Clone)]
pub struct Delivery {
    shared: Arc<Shared>,
}

struct Shared {
    lanes: Mutex<HashMap<LaneKey, Lane>>,
    tasks: TaskTracker,
    courier: Courier,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LaneKey {
    channel: String,
    chat_id: String,
}

/// A message that is stored in the ledger.
struct Parcel {
    message: OutboundMessage,
    /// An earlier try may have reached the platform.
    is_unknown: bool,
}

#[derive(Default)]
struct Lane {
    items: VecDeque<Item>,
    /// Whether what is being delivered is stored in the ledger; `None` while nothing is.
    at_work: Option<bool>,
    room: Arc<Notify>,
}

enum Item {
    /// Stored in the ledger: tried until it is settled.
    Durable(Box<Parcel>),
    /// Progress: tried once.
    Ephemeral(Box<OutboundMessage>),
    /// Becomes a durable message at its end.
    Stream(Arc<StreamBuffer>),
}

impl Delivery {
    pub(crate) fn new(courier: Courier) -> Self {
        let shared = Shared { lanes: Mutex::default(), tasks: TaskTracker::new(), courier };
        Self { shared: Arc::new(shared) }
    }

    /// Delivers a message that is stored in the ledger; waits while its lane is full. When the
    /// gateway cannot wait any longer, the message stays in the ledger for the next start.
    pub(crate) async fn enqueue(&self, entry: OutboundEntry) {
        let OutboundEntry { channel, message } = entry;
        let key = lane_key(&channel, &message);
        let mut item = Item::Durable(Box::new(Parcel { message, is_unknown: false }));
        while let Err((refused, room)) = self.push(&key, item) {
            item = refused;
            let abort = &self.shared.courier.abort;
            if abort.run_until_cancelled(room.notified()).await.is_none() {
                return;
            }
        }
    }

    /// Stores messages that end no turn, and delivers them. Goes on when the caller is cut off: what
    /// is stored must not wait for the next start.
    ///
    /// # Errors
    ///
    /// Returns the ledger's failure; nothing is delivered then.
    pub(crate) async fn post(&self, turn: TurnCommit) -> Result<(), LedgerError> {
        let this = self.clone();
        let posting = self.shared.tasks.spawn(async move {
            let outbound = turn.outbound.clone();
            this.shared.courier.ledger.commit_turn(turn).await?;
            for entry in outbound {
                this.enqueue(entry).await;
            }
            Ok(())
        });
        let died = |error| LedgerError::new("failed to store a message").with_source(error);
        posting.await.map_err(died)?
    }

    /// Delivers a message that waited in the ledger, behind what its lane holds and however much
    /// that is: nothing new may get in between what waited already.
    pub(crate) fn take_up(&self, waiting: WaitingDelivery) {
        let WaitingDelivery { entry: OutboundEntry { channel, message }, is_unknown } = waiting;
        let key = lane_key(&channel, &message);
        let item = Item::Durable(Box::new(Parcel { message, is_unknown }));
        self.with_lane(&key, |lane| lane.items.push_back(item));
    }

    /// Delivers a message that may be left out.
    pub(crate) fn offer(&self, channel: &str, message: OutboundMessage) {
        let key = lane_key(channel, &message);
        if self.push(&key, Item::Ephemeral(Box::new(message))).is_err() {
            tracing::debug!(channel, "Left out a progress message; the chat's lane is full.");
        }
    }

    /// Whether nothing stands between a message and its chat now.
    pub(crate) fn is_free(&self, channel: &str, message: &OutboundMessage) -> bool {
        !self.shared.lanes().contains_key(&lane_key(channel, message))
    }

    /// Opens a stream that becomes `message`, whose text is still empty. None if its lane is full:
    /// the answer is then delivered whole. No two streams have the same id.
    pub(crate) fn open_stream(
        &self,
        channel: &str,
        stream_id: String,
        message: OutboundMessage,
    ) -> Option<StreamHandle> {
        let key = lane_key(channel, &message);
        let (handle, buffer) = StreamHandle::open(stream_id, message);
        self.push(&key, Item::Stream(buffer)).ok().map(|()| handle)
    }

    /// Changes how often a delivery is tried that the channel itself fails.
    pub(crate) fn set_max_attempts(&self, max_attempts: u32) {
        self.shared.courier.max_attempts.store(max_attempts, Ordering::Relaxed);
    }

    /// Waits until all lanes are empty.
    pub(crate) async fn drained(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    fn push(&self, key: &LaneKey, item: Item) -> Result<(), (Item, Arc<Notify>)> {
        self.with_lane(key, |lane| lane.push(item))
    }

    /// Adds to a lane, which begins to work if it is new.
    fn with_lane<T>(&self, key: &LaneKey, add: impl FnOnce(&mut Lane) -> T) -> T {
        let mut lanes = self.shared.lanes();
        match lanes.entry(key.clone()) {
            Entry::Occupied(mut entry) => add(entry.get_mut()),
            Entry::Vacant(entry) => {
                let added = add(entry.insert(Lane::default()));
                drop(lanes);
                self.shared.courier.metrics.lane_opened();
                self.spawn(key.clone());
                added
            }
        }
    }

    fn spawn(&self, key: LaneKey) {
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            while let Some(item) = shared.next(&key) {
                let span = item.span(&key.channel);
                shared.courier.deliver(&key.channel, item).instrument(span).await;
            }
        });
    }
}

impl Item {
    /// Names the delivery in everything that is logged about it.
    fn span(&self, channel: &str) -> Span {
        let message = match self {
            Self::Durable(parcel) => &parcel.message,
            Self::Ephemeral(message) => message,
            Self::Stream(buffer) => &buffer.message,
        };
        tracing::error_span!("delivery", channel, delivery_id = message.delivery_id)
    }
}

impl Lane {
    /// Adds an item. In a full lane it takes the place of the oldest progress message, unless it is
    /// one itself; without such a place it is refused, with a way to wait for room.
    fn push(&mut self, item: Item) -> Result<(), (Item, Arc<Notify>)> {
        if self.items.len() >= LANE_ITEMS {
            let progress = |it: &Item| matches!(it, Item::Ephemeral(_));
            let place = self.items.iter().position(progress).filter(|_| !progress(&item));
            let Some(place) = place else {
                return Err((item, Arc::clone(&self.room)));
            };
            self.items.remove(place);
        }
        self.items.push_back(item);
        Ok(())
    }
}

impl Shared {
    /// Takes the next item, or ends the lane.
    fn next(&self, key: &LaneKey) -> Option<Item> {
        let mut lanes = self.lanes();
        let lane = lanes.get_mut(key)?;
        let item = lane.items.pop_front();
        lane.at_work = item.as_ref().map(Item::is_durable);
        lane.room.notify_one();
        if item.is_none() || self.courier.abort.is_cancelled() {
            lanes.remove(key);
            self.courier.metrics.lane_closed();
            return None;
        }
        item
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<LaneKey, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lane_key(channel: &str, message: &OutboundMessage) -> LaneKey {
    LaneKey { channel: channel.to_owned(), chat_id: message.chat_id.clone() }
}

#[cfg(test)]
mod tests;
