//! Keeps the channels running: starts them, starts them again, and says how they are.

mod backoff;
mod runner;
mod upgrade;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_channel::Inbox;
use tokio::sync::{Notify, watch};
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
    /// The channels that run, and those that ran until they were removed.
    handles: Mutex<HashMap<String, Handle>>,
}

/// What a channel is to run as; nothing if it is not to run.
type Order = Option<Arc<ChannelSpec>>;
type Orders = watch::Sender<Order>;

struct Handle {
    orders: Arc<Orders>,
    /// Starts the channel again when notified.
    restart: Arc<Notify>,
}

/// What an order means for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Started,
    Restarted,
    /// Goes on, by other rules.
    Adjusted,
    Unchanged,
}

impl Supervisor {
    pub(crate) fn new(
        roster: Arc<Roster>,
        board: Arc<StatusBoard>,
        metrics: Arc<Metrics>,
        shutdown: CancellationToken,
    ) -> Self {
        let tasks = TaskTracker::new();
        let handles = Mutex::default();
        let shared = Shared { roster, board, metrics, shutdown, tasks, handles };
        Self { shared: Arc::new(shared) }
    }

    /// Makes a channel known, so that what is to be delivered through it can wait for its start.
    pub(crate) fn enroll(&self, spec: &ChannelSpec) {
        self.shared.board.add(spec);
        self.shared.roster.enroll(spec);
    }

    /// Runs an enrolled channel until the gateway stops or something else is ordered for it.
    pub(crate) fn start(&self, spec: ChannelSpec, inbox: Arc<dyn Inbox>) {
        let shared = &self.shared;
        let restart = Arc::new(Notify::new());
        let name = spec.name.clone();
        let orders = Arc::new(watch::Sender::new(Some(Arc::new(spec))));
        let handle = Handle { orders: Arc::clone(&orders), restart: Arc::clone(&restart) };
        shared.handles().insert(name.clone(), handle);
        // Of the highest level, so that no filter takes the name from what is logged in it.
        let span = tracing::error_span!("channel", channel = name);
        let runner = Runner {
            name,
            inbox,
            orders,
            restart,
            roster: Arc::clone(&shared.roster),
            board: Arc::clone(&shared.board),
            metrics: Arc::clone(&shared.metrics),
            stop: shared.shutdown.clone(),
        };
        shared.tasks.spawn(runner.run().instrument(span));
    }

    /// Sees to it that a channel runs as the spec says. What ran before ends in order first.
    pub(crate) fn order(
        &self,
        spec: ChannelSpec,
        inbox: impl FnOnce() -> Arc<dyn Inbox>,
    ) -> Change {
        let known = self.shared.handles().get(&spec.name).map(|it| Arc::clone(&it.orders));
        self.shared.roster.enroll(&spec);
        let Some(orders) = known else {
            self.shared.board.add(&spec);
            self.start(spec, inbox());
            return Change::Started;
        };
        let mut change = Change::Started;
        orders.send_if_modified(|order| {
            if let Some(before) = order.as_deref() {
                change = match before.revision == spec.revision {
                    false => Change::Restarted,
                    true if before.has_rules_of(&spec) => Change::Unchanged,
                    true => Change::Adjusted,
                };
            }
            if change != Change::Unchanged {
                *order = Some(Arc::new(spec));
            }
            matches!(change, Change::Started | Change::Restarted)
        });
        change
    }

    /// Stops all channels but these in order, and forgets them; says which.
    pub(crate) fn keep_only(&self, names: &[String]) -> Vec<String> {
        let mut stopped = Vec::new();
        for (name, handle) in self.shared.handles().iter() {
            if !names.contains(name) && handle.orders.send_if_modified(|it| it.take().is_some()) {
                self.shared.roster.withdraw(name);
                stopped.push(name.clone());
            }
        }
        stopped.sort();
        stopped
    }

    /// Starts a channel again at once, whatever its state; false if there is no such channel.
    pub(crate) fn restart(&self, name: &str) -> bool {
        let handles = self.shared.handles();
        let handle = handles.get(name).filter(|it| it.orders.borrow().is_some());
        handle.inspect(|it| it.restart.notify_one()).is_some()
    }

    /// Waits until all channels have stopped. The shutdown token must be cancelled before.
    pub(crate) async fn stopped(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Shared {
    fn handles(&self) -> MutexGuard<'_, HashMap<String, Handle>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
