//! One question of a session after another, in the order in which they came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Lane, OwnedMutexGuard};

/// The sessions that are asked something now.
#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<String, Weak<Lane<()>>>>);

impl Lanes {
    /// Takes a place behind those who have asked before; the session is free when the future is
    /// done, until what it gives is dropped.
    pub(super) fn enter(&self, session: &str) -> impl Future<Output = OwnedMutexGuard<()>> + use<> {
        self.lane(session).lock_owned()
    }

    fn lane(&self, session: &str) -> Arc<Lane<()>> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| lane.strong_count() > 0);
        if let Some(lane) = lanes.get(session).and_then(Weak::upgrade) {
            return lane;
        }
        let lane = Arc::default();
        lanes.insert(session.to_owned(), Arc::downgrade(&lane));
        lane
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_session_is_free_for_the_next_when_the_one_before_has_left() {
        let lanes = Lanes::default();
        let first = lanes.enter("a").now_or_never().expect("nobody is there");
        let other = lanes.enter("b").now_or_never().expect("another session does not wait");
        assert!(lanes.enter("a").now_or_never().is_none());
        drop(first);
        lanes.enter("a").now_or_never().expect("the first has left");
        drop(other);
        let _lane = lanes.enter("c");
        assert_eq!(lanes.0.lock().unwrap().len(), 1, "sessions at rest are forgotten");
    }
}
