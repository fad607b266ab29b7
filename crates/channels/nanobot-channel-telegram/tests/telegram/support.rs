use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanobot_channel::{
    Acceptance, Channel, ChannelConfig, ChannelContext, ChannelError, ChannelState, ChannelStatus,
    InboundMessage, Inbox, Metadata, OutboundKind, OutboundMessage, Sender, async_trait,
};
use nanobot_channel_telegram::TelegramConfig;
use nanobot_test_support::{FakeTelegram, FakeTelegramOptions};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);

/// A fake server, a fake gateway, and the folders of a channel.
pub(crate) struct Bench {
    pub(crate) fake: FakeTelegram,
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
        Self::with(FakeTelegramOptions::default()).await
    }

    pub(crate) async fn with(options: FakeTelegramOptions) -> Self {
        let fake = FakeTelegram::start_with(options).await;
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("state")).unwrap();
        Self { fake, gateway: Arc::default(), home }
    }

    /// Streams without pauses, so that tests need not wait.
    pub(crate) fn config(&self) -> TelegramConfig {
        TelegramConfig {
            token: self.fake.token(),
            api_base: Some(self.fake.api_base()),
            stream_edit_interval: Some(0.0),
            ..TelegramConfig::default()
        }
    }

    /// Starts the channel and waits until it receives.
    pub(crate) async fn start(&self) -> Running {
        self.start_with(self.config()).await
    }

    pub(crate) async fn start_with(&self, config: TelegramConfig) -> Running {
        let running = self.launch(config);
        self.gateway.wait_for_state(ChannelState::Connected).await;
        running
    }

    /// Starts the channel and does not wait.
    pub(crate) fn launch(&self, config: TelegramConfig) -> Running {
        self.gateway.inner.lock().unwrap().statuses.clear();
        let channel = config.build().unwrap();
        let shutdown = CancellationToken::new();
        let cx = ChannelContext::new(
            "telegram",
            self.home.path().join("state"),
            self.media_dir(),
            shutdown.clone(),
            self.gateway.clone(),
        );
        let runner = Arc::clone(&channel);
        let task = tokio::spawn(async move { runner.run(cx).await });
        Running { channel, shutdown, task }
    }

    pub(crate) fn media_dir(&self) -> std::path::PathBuf {
        self.home.path().join("media")
    }

    pub(crate) fn state_file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.home.path().join("state").join(Path::new(name))).ok()
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

pub(crate) fn outbound(delivery_id: &str, chat: i64, text: &str) -> OutboundMessage {
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

/// Where a call of the channel hangs for ever, as if the process died there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hang {
    BeforeStoring,
    AfterStoring,
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
    pub(crate) hang: Option<Hang>,
    pub(crate) is_hanging: bool,
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

    async fn hang(&self, at: Hang) {
        let hangs = {
            let mut inner = self.inner.lock().unwrap();
            let hangs = inner.hang == Some(at);
            inner.is_hanging |= hangs;
            hangs
        };
        self.changed();
        if hangs {
            std::future::pending::<()>().await;
        }
    }

    fn store(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        let mut inner = self.inner.lock().unwrap();
        if let Some(refusal) = inner.refusals.pop_front() {
            return Err(refusal);
        }
        if !inner.allow.is_empty() && !message.sender.is_on(&inner.allow) {
            inner.denied.push(message);
            return Ok(Acceptance::Denied);
        }
        let event = message.event_id.clone().expect("every update has an event id");
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
        self.hang(Hang::BeforeStoring).await;
        let result = self.store(message);
        self.changed();
        self.hang(Hang::AfterStoring).await;
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
