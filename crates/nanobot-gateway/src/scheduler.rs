//! Decides which message is answered when: one at a time within a session, many sessions at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanobot_ledger::Ledger;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::turn::TurnRunner;

/// Pause before the ledger is asked again for a message that it could not give.
const CLAIM_RETRY: Duration = Duration::from_secs(1);

/// Wakes sessions. Clones share the same lanes.
#[derive(Clone)]
pub(crate) struct Scheduler {
    shared: Arc<Shared>,
}

struct Shared {
    /// Sessions at work.
    lanes: Mutex<HashMap<String, Lane>>,
    permits: Semaphore,
    tasks: TaskTracker,
    closing: CancellationToken,
    ledger: Arc<dyn Ledger>,
    turns: TurnRunner,
}

/// What is known of a session at work.
#[derive(Default)]
struct Lane {
    /// A message came in since the lane last looked.
    has_news: bool,
    /// Somebody was told that a message waits.
    was_told: bool,
}

impl Scheduler {
    /// Lets at most `max_concurrent_turns` sessions work at once.
    pub(crate) fn new(
        ledger: Arc<dyn Ledger>,
        turns: TurnRunner,
        max_concurrent_turns: usize,
        closing: CancellationToken,
    ) -> Self {
        let shared = Shared {
            lanes: Mutex::default(),
            permits: Semaphore::new(max_concurrent_turns.clamp(1, Semaphore::MAX_PERMITS)),
            tasks: TaskTracker::new(),
            closing,
            ledger,
            turns,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Says that a message of the session waits in the ledger. A session costs memory only while it
    /// is at work.
    pub(crate) fn wake(&self, session: &str) {
        let mut lanes = self.shared.lanes();
        if let Some(lane) = lanes.get_mut(session) {
            lane.has_news = true;
            return;
        }
        lanes.insert(session.to_owned(), Lane::default());
        drop(lanes);
        let shared = Arc::clone(&self.shared);
        let session = session.to_owned();
        self.shared.tasks.spawn(async move { shared.work(&session).await });
    }

    /// Whether it is time to tell that a message waits: once while the session is at work.
    pub(crate) fn tell_once(&self, session: &str) -> bool {
        let mut lanes = self.shared.lanes();
        lanes.get_mut(session).is_some_and(|lane| !std::mem::replace(&mut lane.was_told, true))
    }

    /// Waits until all turns have ended. No new ones are begun once the closing token is cancelled.
    pub(crate) async fn drained(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Shared {
    async fn work(&self, session: &str) {
        loop {
            // Fair: sessions get their turns in the order in which they asked.
            let Ok(permit) = self.permits.acquire().await else {
                return;
            };
            if self.closing.is_cancelled() {
                return;
            }
            match self.ledger.claim(session).await {
                Ok(Some(claim)) => self.turns.run(claim).await,
                Ok(None) if self.is_idle(session) => return,
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, session, "Could not read the next message; trying again.");
                    // A message that was accepted must not wait for the next one to wake its session.
                    drop(permit);
                    let pause = tokio::time::sleep(CLAIM_RETRY);
                    self.closing.run_until_cancelled(pause).await;
                }
            }
        }
    }

    /// Gives the lane up if nothing came in since the ledger was asked.
    fn is_idle(&self, session: &str) -> bool {
        let mut lanes = self.lanes();
        match lanes.get_mut(session) {
            Some(lane) if lane.has_news => {
                lane.has_news = false;
                false
            }
            _ => {
                lanes.remove(session);
                true
            }
        }
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<String, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
