use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::api::Id;

/// Messages that are remembered; the oldest is forgotten first.
const MAX_IDS: usize = 5000;

/// Messages that are done with, so that what comes twice costs nothing.
#[derive(Debug, Default)]
pub(super) struct Recent {
    known: Mutex<(HashSet<Id>, VecDeque<Id>)>,
}

impl Recent {
    pub(super) fn contains(&self, id: Id) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).0.contains(&id)
    }

    pub(super) fn add(&self, id: Id) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (ids, order) = &mut *known;
        if ids.insert(id) {
            order.push_back(id);
        }
        if order.len() > MAX_IDS
            && let Some(oldest) = order.pop_front()
        {
            ids.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_is_forgotten_first() {
        let recent = Recent::default();
        for id in 0..=MAX_IDS as u64 {
            recent.add(Id(id));
            recent.add(Id(id));
        }
        assert!(!recent.contains(Id(0)) && recent.contains(Id(1)));
    }
}
