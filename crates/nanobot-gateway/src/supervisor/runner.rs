use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use nanobot_channel::{Channel, ChannelContext, ChannelError, ErrorKind, Inbox};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::{Backoff, Pace};
use crate::channel_spec::ChannelSpec;
use crate::metrics::Metrics;
use crate::roster::Roster;
use crate::status::{State, StatusBoard};

/// How long a channel may take to clean up after it was asked to stop. Longer than a plugin's own
/// limits added up, so that the plugin link gets to end its process in order.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Runs one channel, again and again.
pub(super) struct Runner {
    pub(super) spec: ChannelSpec,
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) roster: Arc<Roster>,
    pub(super) board: Arc<StatusBoard>,
    pub(super) metrics: Arc<Metrics>,
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
    /// Somebody stopped it.
    ForGood,
}

impl Runner {
    pub(super) async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            let started = Instant::now();
            match self.run_once().await {
                Ended::ForGood => break,
                Ended::ForRestart => backoff = Backoff::default(),
                Ended::Died(error) => {
                    let pace = backoff.after(error.kind(), started.elapsed(), Instant::now());
                    self.announce(&error, pace);
                    if self.pause(pace.pause()).await.is_none() {
                        break;
                    }
                }
            }
            self.board.restarting(&self.spec.name);
            self.metrics.restarted(&self.spec.name);
        }
        self.board.entered(&self.spec.name, State::Stopped, None);
    }

    async fn run_once(&self) -> Ended {
        if let Err(error) = self.make_folders().await {
            return Ended::Died(error);
        }
        let channel = match (self.spec.build)() {
            Ok(channel) => channel,
            Err(error) => return Ended::Died(error),
        };
        self.roster.set_running(&self.spec.name, Some(Arc::clone(&channel)));
        let ended = self.watch(channel.as_ref()).await;
        self.roster.set_running(&self.spec.name, None);
        ended
    }

    /// Makes the folders that the channel may use; nobody else can look into them.
    async fn make_folders(&self) -> Result<(), ChannelError> {
        let mut builder = tokio::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        for folder in [&self.spec.state_dir, &self.spec.media_dir] {
            builder.create(folder).await.map_err(|error| {
                let action = format!("failed to make the folder {}", folder.display());
                ChannelError::internal(action).with_source(error)
            })?;
        }
        Ok(())
    }

    /// Runs the channel until it ends by itself or is asked to; then gives it time to clean up.
    async fn watch(&self, channel: &dyn Channel) -> Ended {
        let shutdown = self.stop.child_token();
        let cx = ChannelContext::new(
            self.spec.name.clone(),
            self.spec.state_dir.clone(),
            self.spec.media_dir.clone(),
            shutdown.clone(),
            Arc::clone(&self.inbox),
        );
        let mut run = std::pin::pin!(AssertUnwindSafe(channel.run(cx)).catch_unwind());
        let asked = tokio::select! {
            result = &mut run => return self.died(result),
            () = self.restart.notified() => Ended::ForRestart,
            () = self.stop.cancelled() => Ended::ForGood,
        };
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

    /// Waits before the next start; `None` if there is to be none.
    async fn pause(&self, pause: Duration) -> Option<()> {
        tokio::select! {
            () = tokio::time::sleep(pause) => Some(()),
            () = self.restart.notified() => Some(()),
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
        self.board.ended(&self.spec.name, state, error, message);
        tracing::error!(
            error = report,
            hint = error.hint(),
            pause_ms = pace.pause().as_millis(),
            "The channel ended; it starts again after a pause."
        );
    }
}
