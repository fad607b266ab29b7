use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use nanobot_plugin_link::Peer;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Exit status after the channel gave up.
pub(crate) const EXIT_FAILED: u8 = 1;

/// Time for tasks to finish when nobody gave one: after end of input, SIGTERM, or the channel's end.
pub(crate) const SHORT_GRACE: Duration = Duration::from_secs(3);

/// What begins and ends with the session; every part of it holds one.
pub(crate) struct Lifetime {
    /// The host.
    pub(crate) peer: Peer,
    /// The channel's `shutdown`.
    pub(crate) stop: CancellationToken,
    /// Everything that runs the author's code, on `workers`.
    tasks: TaskTracker,
    workers: Handle,
    /// The session's own tasks, which wait for those.
    pub(crate) watchers: TaskTracker,
    exit: AtomicU8,
    gave_up_waiting: AtomicBool,
}

impl Lifetime {
    pub(crate) fn new(peer: Peer, workers: Handle) -> Self {
        Self {
            peer,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            workers,
            watchers: TaskTracker::new(),
            exit: AtomicU8::new(0),
            gave_up_waiting: AtomicBool::new(false),
        }
    }

    /// Runs the author's code, away from the link.
    pub(crate) fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn_on(work, &self.workers)
    }

    pub(crate) fn exit_status(&self) -> u8 {
        self.exit.load(Ordering::Relaxed)
    }

    /// Ends the link; lines that were handed over are still written.
    pub(crate) fn end(&self, exit_status: u8) {
        self.exit.store(exit_status, Ordering::Relaxed);
        self.peer.close();
    }

    /// Stops the channel and waits for it and for what it delivers. Waits in vain only once.
    pub(crate) async fn drain(&self, grace: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if self.gave_up_waiting.load(Ordering::Relaxed) {
            return;
        }
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            self.gave_up_waiting.store(true, Ordering::Relaxed);
            tracing::warn!(
                tasks = self.tasks.len(),
                "The channel did not finish in time and is left behind."
            );
        }
    }

    /// Waits for the session's own tasks, unless they wait for something that hangs.
    pub(crate) async fn finish(&self, patience: Duration) {
        self.watchers.close();
        if !self.gave_up_waiting.load(Ordering::Relaxed) {
            // Late only if the link does not take its lines.
            let _ = tokio::time::timeout(patience, self.watchers.wait()).await;
        }
    }
}
