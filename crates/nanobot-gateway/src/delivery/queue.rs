use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Delivery, Item, Lane};

/// What is to be delivered through one channel now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Chats that something is delivered to.
    pub chats: usize,
    /// Stored messages that wait for their delivery or are under way.
    pub deliveries: usize,
    /// Streams and progress messages, which are not stored.
    pub others: usize,
}

impl Delivery {
    /// What is to be delivered, by channel; without those that have nothing.
    pub(crate) fn queues(&self) -> BTreeMap<String, Queue> {
        let mut queues = BTreeMap::<String, Queue>::new();
        for (key, lane) in self.shared.lanes().iter() {
            match queues.get_mut(&key.channel) {
                Some(queue) => queue.add(lane),
                None => queues.entry(key.channel.clone()).or_default().add(lane),
            }
        }
        queues
    }
}

impl Queue {
    fn add(&mut self, lane: &Lane) {
        let waiting = lane.items.iter().filter(|item| item.is_durable()).count();
        let at_work = lane.at_work.map(usize::from);
        self.chats += 1;
        self.deliveries += waiting + at_work.unwrap_or_default();
        self.others += lane.items.len() - waiting + at_work.map_or(0, |durable| 1 - durable);
    }
}

impl Item {
    /// True for a message that is stored in the ledger.
    pub(super) fn is_durable(&self) -> bool {
        matches!(self, Self::Durable(_))
    }
}
