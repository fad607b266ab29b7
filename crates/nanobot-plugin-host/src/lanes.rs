use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Queues of work: in order within a lane, at the same time in different lanes.
///
/// A lane exists while a worker drives on it. What is bounded is the number of items in all lanes,
/// by whoever pushes.
pub(crate) struct Lanes<T> {
    hasher: RandomState,
    waiting: Mutex<HashMap<Lane, VecDeque<T>>>,
}

/// A lane's key: a hash, so that no key has to be kept. Two chats that share one only wait for each
/// other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lane(u64);

impl<T> Lanes<T> {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), waiting: Mutex::default() }
    }

    pub(crate) fn lane(&self, key: impl Hash) -> Lane {
        Lane(self.hasher.hash_one(key))
    }

    /// Queues an item, or gives it back if the lane was free: then the caller starts a worker with
    /// it.
    pub(crate) fn push(&self, lane: Lane, item: T) -> Option<T> {
        match self.waiting().entry(lane) {
            Entry::Occupied(mut queue) => {
                queue.get_mut().push_back(item);
                None
            }
            Entry::Vacant(free) => {
                free.insert(VecDeque::new());
                Some(item)
            }
        }
    }

    /// What the lane's worker does next; without anything the lane is free and the worker ends.
    pub(crate) fn next(&self, lane: Lane) -> Option<T> {
        let mut waiting = self.waiting();
        let next = waiting.get_mut(&lane).and_then(VecDeque::pop_front);
        if next.is_none() {
            waiting.remove(&lane);
        }
        next
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Lane, VecDeque<T>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_keeps_its_order_and_is_free_when_it_is_empty() {
        let lanes = Lanes::new();
        let (a, b) = (lanes.lane("a"), lanes.lane("b"));
        assert_eq!(lanes.push(a, 1), Some(1));
        assert_eq!(lanes.push(a, 2), None);
        assert_eq!(lanes.push(b, 3), Some(3));
        assert_eq!(lanes.push(a, 4), None);
        assert_eq!(lanes.next(a), Some(2));
        assert_eq!(lanes.next(a), Some(4));
        assert_eq!(lanes.next(a), None);
        assert_eq!(lanes.push(a, 5), Some(5));
        assert_eq!(lanes.next(b), None);
    }
}
