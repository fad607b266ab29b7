use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanobot_channel::{
    Acceptance, Channel, ChannelConfig, ChannelContext, ChannelError, ChannelState, ChannelStatus,
    ErrorKind, InboundMessage, Inbox, Metadata, OutboundKind, OutboundMessage, Sender, async_trait,
};
use nanobot_channel_discord::DiscordConfig;
use nanobot_test_support::{FakeDiscord, FakeDiscordOptions};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A private chat.
pub(crate) const CHAT: u64 = 42;
const PATIENCE: Duration = Duration::from_secs(30);

/// A fake server, a fake gateway, and the folders of a channel.
pub(crate) struct Bench {
    pub(crate) fake: FakeDiscord,
    pub(crate) gateway: Arc<FakeGateway>,
    pub(crate) home: TempDir,
}

/// A channel that runs.
pub(crate) struct Running {
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), ChannelError>>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(FakeDiscordOptions::default()).await
    }

    pub(crate) async fn with(options: FakeDiscordOptions) -> Self {
        let fake = FakeDiscord::start_with(options).await;
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("state")).unwrap();
        Self { fake, gateway: Arc::default(), home }
    }

    /// Streams without pauses, so that tests need not wait.
    pub(crate) fn config(&self) -> DiscordConfig {
        DiscordConfig {
            token: self.fake.token(),
            api_base: Some(self.fake.api_base()),
            stream_edit_interval: 0.0,
            ..DiscordConfig::default()
        }
    }

    /// A bench with a private chat and a channel that runs.
    pub(crate) async fn with_chat(options: FakeDiscordOptions) -> (Self, Running) {
        let bench = Self::with(options).await;
        bench.fake.add_private_chat(CHAT);
        let running = bench.start().await;
        (bench, running)
    }

    /// Starts the channel and waits until it receives.
    pub(crate) async fn start(&self) -> Running {
        self.start_with(self.config()).await
    }

    pub(crate) async fn start_with(&self, config: DiscordConfig) -> Running {
        let running = self.launch(config);
        self.gateway.wait_for_state(ChannelState::Connected).await;
        running
    }

    /// Starts the channel and does not wait.
    pub(crate) fn launch(&self, config: DiscordConfig) -> Running {
        self.gateway.inner.lock().unwrap().statuses.clear();
        let channel = config.build().unwrap();
        let shutdown = CancellationToken::new();
        let cx = ChannelContext::new(
            "discord",
            self.home.path().join("state"),
            self.media_dir(),
            shutdown.clone(),
            self.gateway.clone(),
        );
        let runner = Arc::clone(&channel);
        let task = tokio::spawn(async move { runner.run(cx).await });
        Running { channel, shutdown, task }
    }

    /// Waits until the file of the places in channels is as wanted; nobody tells when it is written.
    pub(crate) async fn wait_for_cursors(&self, is_so: impl Fn(&str) -> bool) {
        let path = self.home.path().join("state").join("cursors.json");
        let waiting = async {
            while !std::fs::read_to_string(&path).is_ok_and(|text| is_so(&text)) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the places are kept");
    }

    pub(crate) fn media_dir(&self) -> std::path::PathBuf {
        self.home.path().join("media")
    }
}

impl Running {
    /// Stops as the gateway does.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.task).await.expect("it stops at once");
        ended.unwrap().unwrap();
    }

    /// Ends as with `kill -9`: nothing gets to run any more.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

pub(crate) fn outbound(delivery_id: &str, chat: u64, text: &str) -> OutboundMessage {
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

/// A gateway that remembers.
#[derive(Default)]
pub(crate) struct FakeGateway {
    pub(crate) inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) messages: Vec<InboundMessage>,
    pub(crate) duplicates: Vec<InboundMessage>,
    pub(crate) denied: Vec<InboundMessage>,
    seen: HashSet<String>,
    pub(crate) statuses: Vec<ChannelStatus>,
    /// Names that may write; everybody if empty.
    pub(crate) allow: Vec<String>,
    /// Answers of the next calls.
    pub(crate) refusals: VecDeque<ChannelError>,
    /// While set, no message is taken.
    pub(crate) is_busy: bool,
}

impl FakeGateway {
    pub(crate) fn messages(&self) -> Vec<InboundMessage> {
        self.inner.lock().unwrap().messages.clone()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.messages().into_iter().map(|message| message.text).collect()
    }

    pub(crate) async fn wait_for_messages(&self, count: usize) -> Vec<InboundMessage> {
        self.wait_until("enough messages", |inner| inner.messages.len() >= count).await;
        self.messages()
    }

    pub(crate) async fn wait_for_state(&self, state: ChannelState) -> ChannelStatus {
        let has = |inner: &Inner| inner.statuses.iter().any(|status| status.state == state);
        self.wait_until(&format!("{state:?}"), has).await;
        let statuses = self.inner.lock().unwrap().statuses.clone();
        statuses.into_iter().rfind(|status| status.state == state).unwrap()
    }

    pub(crate) async fn wait_until(&self, what: &str, is_so: impl Fn(&Inner) -> bool) {
        let mut changes = self.changes.subscribe();
        let waiting = async {
            while !is_so(&self.inner.lock().unwrap()) {
                changes.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            let inner = self.inner.lock().unwrap();
            panic!("waited in vain for {what}: {:?} {:?}", inner.messages, inner.statuses);
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    fn store(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        let mut inner = self.inner.lock().unwrap();
        if inner.is_busy {
            let wait = Duration::from_millis(20);
            let error = ChannelError::new(ErrorKind::Overloaded, "the gateway is busy");
            return Err(error.with_retry_after(wait));
        }
        if let Some(refusal) = inner.refusals.pop_front() {
            return Err(refusal);
        }
        if !inner.allow.is_empty() && !message.sender.is_on(&inner.allow) {
            inner.denied.push(message);
            return Ok(Acceptance::Denied);
        }
        let event = message.event_id.clone().expect("every message has an event id");
        if !inner.seen.insert(event) {
            inner.duplicates.push(message);
            return Ok(Acceptance::Duplicate);
        }
        inner.messages.push(message);
        Ok(Acceptance::Accepted)
    }
}

#[async_trait]
impl Inbox for FakeGateway {
    async fn handle_message(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        let result = self.store(message);
        self.changed();
        result
    }

    async fn is_allowed(&self, sender: Sender) -> Result<bool, ChannelError> {
        let inner = self.inner.lock().unwrap();
        Ok(inner.allow.is_empty() || sender.is_on(&inner.allow))
    }

    fn report(&self, status: ChannelStatus) {
        self.inner.lock().unwrap().statuses.push(status);
        self.changed();
    }
}
