use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The turns that run now, by session.
#[derive(Default)]
pub(crate) struct RunningTurns {
    tokens: Mutex<HashMap<String, CancellationToken>>,
}

/// A turn that runs until this is dropped.
pub(crate) struct RunningTurn<'a> {
    turns: &'a RunningTurns,
    session: &'a str,
}

impl RunningTurns {
    /// Notes that a turn of the session begins; `cancel` ends it.
    pub(crate) fn begin<'a>(
        &'a self,
        session: &'a str,
        cancel: CancellationToken,
    ) -> RunningTurn<'a> {
        self.tokens().insert(session.to_owned(), cancel);
        RunningTurn { turns: self, session }
    }

    /// Ends the session's turn early; false if none runs.
    pub(crate) fn stop(&self, session: &str) -> bool {
        self.tokens().get(session).inspect(|cancel| cancel.cancel()).is_some()
    }

    pub(crate) fn is_busy(&self, session: &str) -> bool {
        self.tokens().contains_key(session)
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RunningTurn<'_> {
    fn drop(&mut self) {
        self.turns.tokens().remove(self.session);
    }
}
