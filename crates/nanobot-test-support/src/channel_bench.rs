use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{
    Channel, ChannelConfig, ChannelContext, ChannelError, ChannelState, Delta, Metadata,
    OutboundKind, OutboundMessage,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::FakeGateway;
use crate::changes::PATIENCE;

/// How often a file is looked at that nobody tells of.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What is around a channel in its tests: a fake platform, a fake gateway, and its folders.
pub struct ChannelBench<P> {
    /// The platform.
    pub fake: P,
    /// The gateway, the same for every start of the channel.
    pub gateway: Arc<FakeGateway>,
    /// The folder that the channel's own are in.
    pub home: TempDir,
}

/// A channel that runs.
pub struct RunningChannel {
    /// The channel, to be called as the gateway does.
    pub channel: Arc<dyn Channel>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ChannelError>>,
}

impl<P> ChannelBench<P> {
    /// Makes the folders of a channel of this platform.
    ///
    /// # Panics
    ///
    /// Panics when a folder cannot be made.
    pub fn new(fake: P) -> Self {
        let home = tempfile::tempdir().expect("a folder can be made");
        std::fs::create_dir(home.path().join("state")).expect("a folder can be made");
        Self { fake, gateway: Arc::default(), home }
    }

    /// Starts a channel and waits until it receives.
    pub async fn start_with<C: ChannelConfig>(&self, config: C) -> RunningChannel {
        let running = self.launch(config);
        self.gateway.wait_for_state(ChannelState::Connected).await;
        running
    }

    /// Starts a channel and does not wait.
    ///
    /// # Panics
    ///
    /// Panics when the config is refused.
    pub fn launch<C: ChannelConfig>(&self, config: C) -> RunningChannel {
        let channel = config.build().unwrap_or_else(|error| panic!("the config: {error}"));
        RunningChannel::start(C::NAME, channel, self.home.path(), &self.gateway)
    }

    /// Where received files are put.
    #[must_use]
    pub fn media_dir(&self) -> PathBuf {
        self.home.path().join("media")
    }

    /// A file that the channel keeps, if it is there.
    #[must_use]
    pub fn state_file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.home.path().join("state").join(name)).ok()
    }

    /// Waits until a file that the channel keeps is as wanted; nobody tells when it is written.
    ///
    /// # Panics
    ///
    /// Panics when it is not so after half a minute.
    pub async fn wait_for_state_file(&self, name: &str, is_so: impl Fn(&str) -> bool) {
        let waiting = async {
            while !self.state_file(name).is_some_and(|text| is_so(&text)) {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let is_so = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
        assert!(is_so, "waited in vain for {name}: {:?}", self.state_file(name));
    }
}

impl RunningChannel {
    /// Runs a channel with its folders `state` and `media` in a home.
    #[must_use]
    pub fn start(
        name: &str,
        channel: Arc<dyn Channel>,
        home: &Path,
        gateway: &Arc<FakeGateway>,
    ) -> Self {
        gateway.forget_statuses();
        let shutdown = CancellationToken::new();
        let cx = ChannelContext::new(
            name,
            home.join("state"),
            home.join("media"),
            shutdown.clone(),
            Arc::<FakeGateway>::clone(gateway),
        );
        let runner = Arc::clone(&channel);
        let task = tokio::spawn(async move { runner.run(cx).await });
        Self { channel, shutdown, task }
    }

    /// Asks the channel to stop, and does not wait for it.
    pub fn begin_stop(&self) {
        self.shutdown.cancel();
    }

    /// Stops as the gateway does.
    ///
    /// # Panics
    ///
    /// Panics when the channel does not stop, or not without an error.
    pub async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.task).await.expect("it stops at once");
        ended.expect("it does not panic").expect("it stops without an error");
    }

    /// Ends as with `kill -9`: nothing gets to run any more.
    ///
    /// # Panics
    ///
    /// Panics when the channel had ended before.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()), "it was running");
    }

    /// Waits until the channel gives up; says why.
    ///
    /// # Panics
    ///
    /// Panics when it ends without an error.
    pub async fn gives_up(self) -> ChannelError {
        let ended = tokio::time::timeout(PATIENCE, self.task).await.expect("it gives up");
        ended.expect("it does not panic").expect_err("it ends with an error")
    }
}

/// A final message, without anything but its text.
pub fn outbound(delivery_id: &str, chat: impl Display + Copy, text: &str) -> OutboundMessage {
    OutboundMessage {
        delivery_id: delivery_id.to_owned(),
        chat_id: chat.to_string(),
        thread_id: None,
        text: text.to_owned(),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: Metadata::new(),
    }
}

/// A step of a streamed answer that goes on; the text is all that there is so far.
#[must_use]
pub fn delta<'a>(
    delivery_id: &'a str,
    chat_id: &'a str,
    text: &'a str,
    metadata: &'a Metadata,
) -> Delta<'a> {
    Delta {
        stream_id: delivery_id,
        delivery_id,
        chat_id,
        thread_id: None,
        text,
        piece: "",
        end: None,
        reply_to: None,
        metadata,
    }
}
