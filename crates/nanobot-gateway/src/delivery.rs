//! Brings messages and streams to the channels: one lane for each chat, nothing waits for another
//! chat.
//!
//! Within a chat the order is kept and at most one call is under way. A lane exists only while it
//! has something to do.

mod channels;
mod lane;
mod retry;
mod stream;

pub(crate) use channels::ChannelTable;
pub use stream::StreamHandle;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_channel::OutboundMessage;
use nanobot_ledger::{Ledger, OutboundEntry};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::status::StatusBoard;
use stream::StreamBuffer;

/// Messages and streams that may wait in one lane. When it is full, progress is left out, an answer
/// is not streamed, and finals wait.
const LANE_ITEMS: usize = 100;

/// Hands messages to the lanes. Clones share the same lanes.
#[derive(Clone)]
pub struct Delivery {
    shared: Arc<Shared>,
}

struct Shared {
    lanes: Mutex<HashMap<LaneKey, Lane>>,
    tasks: TaskTracker,
    courier: lane::Courier,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LaneKey {
    channel: String,
    chat_id: String,
}

#[derive(Default)]
struct Lane {
    items: VecDeque<Item>,
    room: Arc<Notify>,
}

enum Item {
    /// Stored in the ledger: tried until it is settled.
    Durable(Box<OutboundMessage>),
    /// Progress: tried once.
    Ephemeral(Box<OutboundMessage>),
    /// Becomes a durable message at its end.
    Stream(Arc<StreamBuffer>),
}

impl Delivery {
    pub(crate) fn new(
        channels: Arc<ChannelTable>,
        board: Arc<StatusBoard>,
        ledger: Arc<dyn Ledger>,
        max_attempts: u32,
        abort: CancellationToken,
    ) -> Self {
        let courier = lane::Courier {
            channels,
            board,
            ledger,
            max_attempts,
            abort,
        };
        let shared = Shared {
            lanes: Mutex::default(),
            tasks: TaskTracker::new(),
            courier,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Delivers a message that is stored in the ledger; waits while its lane is full.
    pub(crate) async fn enqueue(&self, entry: OutboundEntry) {
        let key = lane_key(&entry.channel, &entry.message);
        let mut item = Item::Durable(Box::new(entry.message));
        loop {
            let room = match self.push(&key, item) {
                Ok(()) => return,
                Err((refused, room)) => {
                    item = refused;
                    room
                }
            };
            room.notified().await;
        }
    }

    /// Delivers a message that may be left out.
    pub(crate) fn offer(&self, channel: &str, message: OutboundMessage) {
        let key = lane_key(channel, &message);
        if self.push(&key, Item::Ephemeral(Box::new(message))).is_err() {
            tracing::debug!(
                channel,
                "Left out a progress message; the chat's lane is full."
            );
        }
    }

    /// Opens a stream that becomes `message`, whose text is still empty. None if its lane is full:
    /// the answer is then delivered whole.
    pub(crate) fn open_stream(
        &self,
        channel: &str,
        message: OutboundMessage,
    ) -> Option<StreamHandle> {
        let key = lane_key(channel, &message);
        let (handle, buffer) = StreamHandle::open(message);
        self.push(&key, Item::Stream(buffer)).ok().map(|()| handle)
    }

    /// Waits until all lanes are empty.
    pub(crate) async fn drained(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    fn push(&self, key: &LaneKey, item: Item) -> Result<(), (Item, Arc<Notify>)> {
        let mut lanes = self.shared.lanes();
        match lanes.entry(key.clone()) {
            Entry::Occupied(entry) if entry.get().items.len() >= LANE_ITEMS => {
                Err((item, Arc::clone(&entry.get().room)))
            }
            Entry::Occupied(mut entry) => {
                entry.get_mut().items.push_back(item);
                Ok(())
            }
            Entry::Vacant(entry) => {
                entry.insert(Lane::default()).items.push_back(item);
                drop(lanes);
                self.spawn(key.clone());
                Ok(())
            }
        }
    }

    fn spawn(&self, key: LaneKey) {
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            while let Some(item) = shared.next(&key) {
                shared.courier.deliver(&key.channel, item).await;
            }
        });
    }
}

impl Shared {
    /// Takes the next item, or ends the lane.
    fn next(&self, key: &LaneKey) -> Option<Item> {
        let mut lanes = self.lanes();
        let lane = lanes.get_mut(key)?;
        let item = lane.items.pop_front();
        lane.room.notify_one();
        if item.is_none() || self.courier.abort.is_cancelled() {
            lanes.remove(key);
            return None;
        }
        item
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<LaneKey, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lane_key(channel: &str, message: &OutboundMessage) -> LaneKey {
    LaneKey {
        channel: channel.to_owned(),
        chat_id: message.chat_id.clone(),
    }
}
