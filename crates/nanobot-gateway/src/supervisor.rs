//! Keeps the channels running: starts them, starts them again, and says how they are.

mod backoff;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use nanobot_channel::{Channel, ChannelContext, ChannelError, ErrorKind, Inbox};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::channel_spec::ChannelSpec;
use crate::delivery::ChannelTable;
use crate::status::{State, StatusBoard};
use backoff::{Backoff, Pace};

/// How long a channel may take to clean up after it was asked to stop. Longer than a plugin's own
/// limits added up, so that the plugin link gets to end its process in order.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Runs the channels.
pub(crate) struct Supervisor {
    pub(crate) channels: Arc<ChannelTable>,
    pub(crate) board: Arc<StatusBoard>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Supervisor {
    /// Runs a channel until the gateway stops.
    pub(crate) fn start(self: &Arc<Self>, spec: ChannelSpec, inbox: Arc<dyn Inbox>) {
        self.board.add(&spec.name, &spec.display_name);
        let span = tracing::info_span!("channel", channel = spec.name);
        let supervisor = Arc::clone(self);
        let supervised = async move { supervisor.supervise(&spec, inbox).await };
        self.tasks.spawn(supervised.instrument(span));
    }

    /// Waits until all channels have stopped. The shutdown token must be cancelled before.
    pub(crate) async fn stopped(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn supervise(&self, spec: &ChannelSpec, inbox: Arc<dyn Inbox>) {
        let mut backoff = Backoff::default();
        loop {
            let started = Instant::now();
            let error = self.run_once(spec, &inbox).await;
            if self.shutdown.is_cancelled() {
                break;
            }
            let pace = backoff.after(error.kind(), started.elapsed(), Instant::now());
            self.announce(&spec.name, &error, pace);
            let pause = tokio::time::sleep(pace.pause());
            if self.shutdown.run_until_cancelled(pause).await.is_none() {
                break;
            }
            self.board.restarting(&spec.name);
        }
        self.board.entered(&spec.name, State::Stopped, None);
    }

    /// Runs the channel once; always ends with the reason why it ended.
    async fn run_once(&self, spec: &ChannelSpec, inbox: &Arc<dyn Inbox>) -> ChannelError {
        let channel = match (spec.build)() {
            Ok(channel) => channel,
            Err(error) => return error,
        };
        self.channels.set(&spec.name, Some(Arc::clone(&channel)));
        let result = self.run_guarded(channel.as_ref(), spec, inbox).await;
        self.channels.set(&spec.name, None);
        let returned = || ChannelError::internal("the channel ended although nobody stopped it");
        result.map_or_else(|error| error, |()| returned())
    }

    async fn run_guarded(
        &self,
        channel: &dyn Channel,
        spec: &ChannelSpec,
        inbox: &Arc<dyn Inbox>,
    ) -> Result<(), ChannelError> {
        let cx = ChannelContext::new(
            spec.name.clone(),
            spec.state_dir.clone(),
            spec.media_dir.clone(),
            self.shutdown.child_token(),
            Arc::clone(inbox),
        );
        let run = AssertUnwindSafe(channel.run(cx)).catch_unwind();
        let hung = async {
            self.shutdown.cancelled().await;
            tokio::time::sleep(STOP_LIMIT).await;
        };
        tokio::select! {
            ended = run => ended.unwrap_or_else(|_| Err(ChannelError::internal("the channel panicked"))),
            () = hung => Err(ChannelError::internal("the channel did not stop in time")),
        }
    }

    fn announce(&self, channel: &str, error: &ChannelError, pace: Pace) {
        let report = error.report();
        let state = match (error.kind(), pace) {
            (ErrorKind::Auth, _) => State::LoginRequired,
            (_, Pace::Quick(_)) => State::Retrying,
            (_, Pace::Slow(_)) => State::Failing,
        };
        let hint = error
            .hint()
            .map(|hint| format!("; {hint}"))
            .unwrap_or_default();
        let message = format!("next start in {} s{hint}", pace.pause().as_secs().max(1));
        tracing::error!(
            error = report,
            hint = error.hint(),
            pause_ms = pace.pause().as_millis(),
            "The channel ended; it starts again after a pause."
        );
        self.board.ended(channel, state, report, message);
    }
}
