//! Keeps the channels running: starts them, starts them again, and says how they are.

mod backoff;
mod runner;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_channel::Inbox;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::channel_spec::ChannelSpec;
use crate::metrics::Metrics;
use crate::roster::Roster;
use crate::status::StatusBoard;
use runner::Runner;

/// Runs the channels. Clones run the same channels.
#[derive(Clone)]
pub(crate) struct Supervisor {
    shared: Arc<Shared>,
}

struct Shared {
    roster: Arc<Roster>,
    board: Arc<StatusBoard>,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    /// Starts a channel again when notified.
    restarts: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Supervisor {
    pub(crate) fn new(
        roster: Arc<Roster>,
        board: Arc<StatusBoard>,
        metrics: Arc<Metrics>,
        shutdown: CancellationToken,
    ) -> Self {
        let tasks = TaskTracker::new();
        let restarts = Mutex::default();
        let shared = Shared { roster, board, metrics, shutdown, tasks, restarts };
        Self { shared: Arc::new(shared) }
    }

    /// Makes a channel known, so that what is to be delivered through it can wait for its start.
    pub(crate) fn enroll(&self, spec: &ChannelSpec) {
        self.shared.board.add(&spec.name, &spec.display_name, spec.has_process);
        self.shared.roster.enroll(spec);
    }

    /// Runs an enrolled channel until the gateway stops.
    pub(crate) fn start(&self, spec: ChannelSpec, inbox: Arc<dyn Inbox>) {
        let shared = &self.shared;
        let restart = Arc::new(Notify::new());
        shared.restarts().insert(spec.name.clone(), Arc::clone(&restart));
        let span = tracing::info_span!("channel", channel = spec.name);
        let runner = Runner {
            spec,
            inbox,
            restart,
            roster: Arc::clone(&shared.roster),
            board: Arc::clone(&shared.board),
            metrics: Arc::clone(&shared.metrics),
            stop: shared.shutdown.clone(),
        };
        shared.tasks.spawn(runner.run().instrument(span));
    }

    /// Starts a channel again at once, whatever its state; false if there is no such channel.
    pub(crate) fn restart(&self, name: &str) -> bool {
        let restarts = self.shared.restarts();
        restarts.get(name).inspect(|restart| restart.notify_one()).is_some()
    }

    /// Waits until all channels have stopped. The shutdown token must be cancelled before.
    pub(crate) async fn stopped(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Shared {
    fn restarts(&self) -> MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.restarts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
