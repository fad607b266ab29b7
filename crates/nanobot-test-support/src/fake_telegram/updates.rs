use std::collections::VecDeque;

use serde_json::Value;

/// The updates of the bot. See [Bot API/getUpdates](https://core.telegram.org/bots/api#getupdates).
#[derive(Debug, Default)]
pub(super) struct Updates {
    waiting: VecDeque<(i64, Value)>,
    confirmed: Vec<(i64, Value)>,
    last_id: i64,
    /// Counts the questions: a newer one ends those that wait.
    questions: u64,
}

const FIRST_ID: i64 = 900_001;

impl Updates {
    pub(super) fn push(&mut self, mut update: Value) -> i64 {
        self.last_id = (self.last_id + 1).max(FIRST_ID);
        update["update_id"] = self.last_id.into();
        self.waiting.push_back((self.last_id, update));
        self.last_id
    }

    /// Forgets the updates before an offset.
    pub(super) fn confirm(&mut self, offset: i64) {
        while self.waiting.front().is_some_and(|(id, _)| *id < offset) {
            self.confirmed.extend(self.waiting.pop_front());
        }
    }

    pub(super) fn batch(&self, limit: usize) -> Vec<Value> {
        self.waiting.iter().take(limit).map(|(_, update)| update.clone()).collect()
    }

    /// Delivers the confirmed updates again.
    pub(super) fn repeat_all(&mut self) {
        for update in self.confirmed.drain(..).rev() {
            self.waiting.push_front(update);
        }
    }

    pub(super) fn pending(&self) -> usize {
        self.waiting.len()
    }

    /// A number for a question; see [`is_latest`](Self::is_latest).
    pub(super) fn ask(&mut self) -> u64 {
        self.questions += 1;
        self.questions
    }

    pub(super) fn is_latest(&self, question: u64) -> bool {
        self.questions == question
    }
}
