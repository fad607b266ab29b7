use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{ChannelError, ErrorKind};
use tokio::time::Instant;

use super::Orders;
use crate::channel_spec::{ChannelSpec, Revert};

/// A new version that lives this long has proved itself.
const TRIAL: Duration = Duration::from_secs(60);

/// A channel whose program was replaced while it ran, and what is needed to go back.
pub(super) struct Upgrade {
    before: Arc<ChannelSpec>,
    after: Arc<ChannelSpec>,
    revert: Arc<Revert>,
    began: Instant,
}

impl Upgrade {
    /// The way back from `after` to `before`, which ran until now; `None` if the program is the same
    /// or the one before is not kept.
    pub(super) fn between(before: Arc<ChannelSpec>, after: Arc<ChannelSpec>) -> Option<Self> {
        if before.revision.program == after.revision.program {
            return None;
        }
        let revert = after.revert.clone()?;
        Some(Self { before, after, revert, began: Instant::now() })
    }

    /// Whether going back may help: the new version ended soon, and not for want of a login, which
    /// the one before would need as well.
    pub(super) fn is_failed_by(&self, error: &ChannelError) -> bool {
        self.began.elapsed() < TRIAL && error.kind() != ErrorKind::Auth
    }

    /// Puts the program of before back and orders it; what is to run now, or `None` if it cannot be
    /// put back or something else was ordered meanwhile.
    pub(super) async fn undo(self, orders: &Orders) -> Option<Arc<ChannelSpec>> {
        let Self { before, after, revert, .. } = self;
        let is_ordered = |order: &Option<Arc<ChannelSpec>>| {
            order.as_ref().is_some_and(|ordered| ordered.revision == after.revision)
        };
        if !is_ordered(&orders.borrow()) {
            return None;
        }
        let reverted = tokio::task::spawn_blocking(move || revert()).await;
        if let Err(error) = reverted.map_err(std::io::Error::other).and_then(|done| done) {
            tracing::error!(%error, "The version before cannot be put back.");
            return None;
        }
        let mut spec = None;
        orders.send_if_modified(|order| {
            let is_next = is_ordered(order);
            if is_next && let Some(rules) = order.as_deref() {
                // Who may write and the like is as it was said last.
                let next = Arc::new(before.with_rules_of(rules));
                spec = Some(Arc::clone(&next));
                *order = Some(next);
            }
            is_next
        });
        spec
    }
}
