use std::collections::{HashSet, VecDeque};

/// The latest event ids, in a set and in order of arrival.
#[derive(Debug, Default)]
pub(super) struct EventIds {
    known: HashSet<String>,
    order: VecDeque<String>,
}

impl EventIds {
    pub(super) fn contains(&self, event: &str) -> bool {
        self.known.contains(event)
    }

    pub(super) fn insert(&mut self, event: String, bound: usize) {
        if self.order.len() >= bound
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(event.clone());
        self.order.push_back(event);
    }
}
