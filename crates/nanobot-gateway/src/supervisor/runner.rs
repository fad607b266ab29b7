use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use nanobot_channel::{Channel, ChannelContext, ChannelError, ErrorKind, Inbox};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backoff::{Backoff, Pace};
use super::upgrade::Upgrade;
use super::{Order, Orders};
use crate::channel_spec::ChannelSpec;
use crate::metrics::Metrics;
use crate::roster::Roster;
use crate::status::{State, StatusBoard};

/// How long deliveries under way may take before a channel is asked to stop for a restart. Those
/// that take longer are repaired when it runs again.
const DRAIN_LIMIT: Duration = Duration::from_secs(30);
/// How long a channel may take to clean up after it was asked to stop. Longer than a plugin's own
/// limits added up, so that the plugin link gets to end its process in order.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Runs one channel, again and again.
pub(super) struct Runner {
    pub(super) name: String,
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) roster: Arc<Roster>,
    pub(super) board: Arc<StatusBoard>,
    pub(super) metrics: Arc<Metrics>,
    /// What is to run; nothing while the channel is removed or disabled.
    pub(super) orders: Arc<Orders>,
    /// Notified to start the channel again at once.
    pub(super) restart: Arc<Notify>,
    /// Cancelled to stop the channel for good.
    pub(super) stop: CancellationToken,
}

/// How one run of the channel ended.
enum Ended {
    /// By itself.
    Died(ChannelError),
    /// Somebody asked for a restart.
    ForRestart,
    /// Something else is to run, or nothing.
    ForChange,
    /// Somebody stopped it.
    ForGood,
}

impl Runner {
    pub(super) async fn run(self) {
        let mut orders = self.orders.subscribe();
        let mut backoff = Backoff::default();
        let mut upgrade = None;
        while let Some(spec) = self.ordered(&mut orders).await {
            let started = Instant::now();
            match self.run_once(&spec, &mut orders).await {
                Ended::ForGood => break,
                Ended::ForRestart => backoff = Backoff::default(),
                Ended::ForChange => {
                    backoff = Backoff::default();
                    self.board.note(&self.name, None);
                    let next = orders.borrow().clone();
                    upgrade = next.and_then(|next| Upgrade::between(spec, next));
                }
                Ended::Died(error) => {
                    if self.goes_back(upgrade.take(), &error).await {
                        backoff = Backoff::default();
                    } else {
                        let pace = backoff.after(error.kind(), started.elapsed(), Instant::now());
                        self.announce(&error, pace);
                        if self.pause(&mut orders, pace.pause()).await.is_none() {
                            break;
                        }
                    }
                }
            }
            self.board.restarting(&self.name);
            self.metrics.restarted(&self.name);
        }
        self.board.entered(&self.name, State::Stopped, None);
    }

    /// What is to run, waiting while nothing is; `None` when the gateway stops.
    async fn ordered(&self, orders: &mut watch::Receiver<Order>) -> Option<Arc<ChannelSpec>> {
        loop {
            let order = orders.borrow_and_update().clone();
            if let Some(spec) = order {
                self.board.add(&spec);
                return Some(spec);
            }
            self.board.remove(&self.name);
            tokio::select! {
                changed = orders.changed() => changed.ok()?,
                () = self.stop.cancelled() => return None,
            }
        }
    }

    async fn run_once(&self, spec: &ChannelSpec, orders: &mut watch::Receiver<Order>) -> Ended {
        if let Err(error) = make_folders(spec).await {
            return Ended::Died(error);
        }
        let channel = match (spec.build)() {
            Ok(channel) => channel,
            Err(error) => return Ended::Died(error),
        };
        let users = self.roster.open(&self.name, Arc::clone(&channel));
        let ended = self.watch(spec, channel.as_ref(), &users, orders).await;
        self.roster.close(&self.name);
        ended
    }

    /// Runs the channel until it ends by itself or is asked to; then gives it time to clean up.
    async fn watch(
        &self,
        spec: &ChannelSpec,
        channel: &dyn Channel,
        users: &TaskTracker,
        orders: &mut watch::Receiver<Order>,
    ) -> Ended {
        let shutdown = self.stop.child_token();
        let cx = ChannelContext::new(
            self.name.clone(),
            spec.state_dir.clone(),
            spec.media_dir.clone(),
            shutdown.clone(),
            Arc::clone(&self.inbox),
        );
        let mut run = std::pin::pin!(AssertUnwindSafe(channel.run(cx)).catch_unwind());
        let asked = tokio::select! {
            result = &mut run => return self.died(result),
            () = self.restart.notified() => Ended::ForRestart,
            Ok(()) = orders.changed() => Ended::ForChange,
            () = self.stop.cancelled() => Ended::ForGood,
        };
        // At the end of the gateway all deliveries have ended before.
        if !matches!(asked, Ended::ForGood) {
            tokio::select! {
                _ = &mut run => return asked,
                () = self.drain(users) => {}
            }
        }
        shutdown.cancel();
        match tokio::time::timeout(STOP_LIMIT, run).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => {
                tracing::warn!(error = error.report(), "The channel failed while it stopped.");
            }
            Ok(Err(_)) => tracing::error!("The channel panicked while it stopped."),
            Err(_) => tracing::error!("The channel did not stop in time."),
        }
        asked
    }

    /// Lets the deliveries under way finish, while nothing new is begun or taken.
    async fn drain(&self, users: &TaskTracker) {
        self.roster.leave(&self.name);
        users.close();
        tokio::select! {
            () = users.wait() => {}
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(DRAIN_LIMIT) => {
                tracing::warn!("Some deliveries did not finish in time and are repaired later.");
            }
        }
    }

    fn died(&self, result: std::thread::Result<Result<(), ChannelError>>) -> Ended {
        if self.stop.is_cancelled() {
            return Ended::ForGood;
        }
        Ended::Died(match result {
            Ok(Err(error)) => error,
            Ok(Ok(())) => ChannelError::internal("the channel ended although nobody stopped it"),
            Err(_) => ChannelError::internal("the channel panicked"),
        })
    }

    /// Puts the version before back if an upgrade failed; false if that is not to be done.
    async fn goes_back(&self, upgrade: Option<Upgrade>, error: &ChannelError) -> bool {
        let Some(before) = upgrade.filter(|it| it.is_failed_by(error)) else { return false };
        let Some(spec) = before.undo(&self.orders).await else { return false };
        let reason = error.report();
        tracing::error!(
            error = reason,
            "The channel's new version failed within its first minute; the version before it runs again."
        );
        self.roster.enroll(&spec);
        let note = format!("the upgrade failed and was undone: {reason}");
        self.board.ended(&self.name, State::Retrying, error, "going back".to_owned());
        self.board.note(&self.name, Some(note));
        true
    }

    /// Waits before the next start; `None` if there is to be none.
    async fn pause(&self, orders: &mut watch::Receiver<Order>, pause: Duration) -> Option<()> {
        tokio::select! {
            () = tokio::time::sleep(pause) => Some(()),
            () = self.restart.notified() => Some(()),
            changed = orders.changed() => changed.ok(),
            () = self.stop.cancelled() => None,
        }
    }

    fn announce(&self, error: &ChannelError, pace: Pace) {
        let report = error.report();
        let state = match (error.kind(), pace) {
            (ErrorKind::Auth, _) => State::LoginRequired,
            (_, Pace::Quick(_)) => State::Retrying,
            (_, Pace::Slow(_)) => State::Failing,
        };
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        let message = format!("next start in {} s{hint}", pace.pause().as_secs().max(1));
        self.board.ended(&self.name, state, error, message);
        tracing::error!(
            error = report,
            hint = error.hint(),
            pause_ms = pace.pause().as_millis(),
            "The channel ended; it starts again after a pause."
        );
    }
}

/// Makes the folders that the channel may use; nobody else can look into them.
async fn make_folders(spec: &ChannelSpec) -> Result<(), ChannelError> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    for folder in [&spec.state_dir, &spec.media_dir] {
        builder.create(folder).await.map_err(|error| {
            let action = format!("failed to make the folder {}", folder.display());
            ChannelError::internal(action).with_source(error)
        })?;
    }
    Ok(())
}
