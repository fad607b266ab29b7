use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Receiver;
use crate::api::{Id, Message};

/// Messages of one channel that wait. What comes beyond is read from the history later.
const MAX_WAITING: usize = 100;

/// Messages of each channel in order, so that a large file in one does not hold up the others.
///
/// A channel has a lane, and a task, only while something waits there.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Mutex<HashMap<Id, Lane>>,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Message>,
    /// True if the history holds messages that do not wait here.
    is_behind: bool,
}

enum Step {
    LookBack,
    Take(Box<Message>),
    End,
}

impl Lanes {
    fn lanes(&self) -> MutexGuard<'_, HashMap<Id, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a lane; true if it is new and needs a task.
    fn change(&self, channel: Id, change: impl FnOnce(&mut Lane)) -> bool {
        let mut lanes = self.lanes();
        let is_new = !lanes.contains_key(&channel);
        change(lanes.entry(channel).or_default());
        is_new
    }

    fn next(&self, channel: Id) -> Step {
        let mut lanes = self.lanes();
        let Some(lane) = lanes.get_mut(&channel) else { return Step::End };
        // The history comes first: it holds what is older.
        if std::mem::take(&mut lane.is_behind) {
            return Step::LookBack;
        }
        match lane.waiting.pop_front() {
            Some(message) => Step::Take(Box::new(message)),
            None => {
                lanes.remove(&channel);
                Step::End
            }
        }
    }
}

impl Receiver {
    /// Takes a message without waiting for anything.
    pub(super) fn receive(self: &Arc<Self>, message: Message) {
        let channel = message.channel_id;
        if self.cursors.get(channel).is_none() {
            // If the lane runs over, the history is read from here.
            let before = Id(message.id.0.saturating_sub(1));
            self.cursors.advance(channel, before, message.guild_id.is_none());
        }
        let is_new = self.lanes.change(channel, |lane| {
            if lane.waiting.len() < MAX_WAITING {
                lane.waiting.push_back(message);
            } else {
                lane.is_behind = true;
            }
        });
        self.run_if(is_new, channel);
    }

    /// Reads what was missed in a channel.
    pub(super) fn look_back(self: &Arc<Self>, channel: Id) {
        let is_new = self.lanes.change(channel, |lane| lane.is_behind = true);
        self.run_if(is_new, channel);
    }

    fn run_if(self: &Arc<Self>, is_new: bool, channel: Id) {
        if is_new {
            let receiver = Arc::clone(self);
            self.tasks.spawn(async move { receiver.run_lane(channel).await });
        }
    }

    async fn run_lane(&self, channel: Id) {
        loop {
            let is_done = match self.lanes.next(channel) {
                Step::End => return,
                Step::LookBack => self.read_history(channel).await,
                Step::Take(message) => self.take(&message).await,
            };
            // What is not done is read from the history after the next start.
            if !is_done || self.cx.shutdown.is_cancelled() {
                return;
            }
        }
    }
}
