use std::time::Duration;

use tokio::sync::watch;

/// Longest time that a test waits for something to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Tells those who wait for something that it may have happened.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    count: watch::Sender<u64>,
}

impl Changes {
    /// Has all who wait look again.
    pub(crate) fn tell(&self) {
        self.count.send_modify(|count| *count += 1);
    }

    /// Sees every change from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// Waits until a condition holds; it is looked at now and after each change.
    pub(crate) async fn wait_until(&self, is_so: impl Fn() -> bool) {
        let mut changes = self.subscribe();
        while !is_so() {
            changes.changed().await.expect("the sender outlives this borrow of it");
        }
    }

    /// The same, but no longer than this; says whether the condition holds.
    pub(crate) async fn wait_until_within(
        &self,
        limit: Duration,
        is_so: impl Fn() -> bool,
    ) -> bool {
        tokio::time::timeout(limit, self.wait_until(is_so)).await.is_ok()
    }
}
