//! A gateway that is only an inbox, around one channel whose plugin is the fixture.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanobot_channel::{
    Acceptance, Channel, ChannelContext, ChannelError, ChannelState, ChannelStatus, Delta,
    InboundMessage, Inbox, Metadata, Offers, OutboundKind, OutboundMessage, Publication, Receipt,
    Sender, StreamEnd, StreamOutcome, async_trait,
};
use nanobot_plugin_host::{PluginCommand, ProcessChannel, Timeouts};
use tempfile::TempDir;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// No test takes longer; one that does hangs.
pub(crate) const TEST_TIME: Duration = Duration::from_secs(60);

pub(crate) async fn within_test_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(TEST_TIME, test).await.expect("the test hangs")
}

pub(crate) fn fixture() -> PluginCommand {
    PluginCommand::executable("fixture", env!("CARGO_BIN_EXE_misbehaving-plugin"))
}

/// Times that no step of a test ever takes.
pub(crate) fn patient() -> Timeouts {
    Timeouts::all(TEST_TIME)
}

pub(crate) struct TestInbox {
    log: Mutex<Log>,
    changed: Notify,
    /// Messages are stored while it has permits.
    pub(crate) gate: Semaphore,
}

#[derive(Default, Clone)]
pub(crate) struct Log {
    pub(crate) messages: Vec<InboundMessage>,
    pub(crate) statuses: Vec<ChannelStatus>,
    pub(crate) storing: Vec<String>,
    /// Senders of messages that the plugin vouched for.
    pub(crate) vouched: Vec<String>,
    pub(crate) published: Vec<Publication>,
}

impl TestInbox {
    pub(crate) fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            log: Mutex::default(),
            changed: Notify::new(),
            gate: Semaphore::new(permits),
        })
    }

    pub(crate) fn log(&self) -> Log {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn wait_for(&self, condition: impl Fn(&Log) -> bool) {
        loop {
            let changed = self.changed.notified();
            if condition(&self.log.lock().unwrap()) {
                return;
            }
            changed.await;
        }
    }

    pub(crate) async fn wait_for_status(&self, text: &str) {
        let has_text = |status: &ChannelStatus| status.message.as_deref() == Some(text);
        self.wait_for(|log| log.statuses.iter().any(has_text)).await;
    }

    fn knows(&self, message: &InboundMessage) -> bool {
        let is_same = |known: &InboundMessage| known.event_id == message.event_id;
        self.log.lock().unwrap().messages.iter().any(is_same)
    }

    fn change(&self, change: impl FnOnce(&mut Log)) {
        change(&mut self.log.lock().unwrap());
        self.changed.notify_waiters();
    }
}

#[async_trait]
impl Inbox for TestInbox {
    async fn handle_message(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        self.change(|log| log.storing.push(message.text.clone()));
        let _permit = self.gate.acquire().await.unwrap();
        assert_ne!(message.text, "panic", "as it was told to");
        if message.sender.id == "stranger" {
            return Ok(Acceptance::Denied);
        }
        if message.text == "busy" {
            let error = ChannelError::new(nanobot_channel::ErrorKind::Overloaded, "busy");
            return Err(error.with_retry_after(Duration::from_millis(1234)));
        }
        if message.event_id.is_some() && self.knows(&message) {
            return Ok(Acceptance::Duplicate);
        }
        self.change(|log| log.messages.push(message));
        Ok(Acceptance::Accepted)
    }

    async fn is_allowed(&self, sender: Sender) -> Result<bool, ChannelError> {
        Ok(sender.id != "stranger")
    }

    fn offers(&self) -> Offers {
        Offers { transcription: true, publish: false }
    }

    async fn handle_vouched_message(
        &self,
        message: InboundMessage,
    ) -> Result<Acceptance, ChannelError> {
        self.change(|log| log.vouched.push(message.sender.id.clone()));
        self.handle_message(message).await
    }

    async fn transcribe_audio(&self, file: &Path) -> Result<String, ChannelError> {
        match file.file_name().and_then(|name| name.to_str()) {
            Some("silence.ogg") => Ok(String::new()),
            Some("broken.ogg") => Err(ChannelError::rejected("it is broken")),
            _ => Ok(format!("words of {}", file.display())),
        }
    }

    async fn publish(&self, message: Publication) -> Result<(), ChannelError> {
        assert_ne!(message.text, "panic", "as it was told to");
        self.change(|log| log.published.push(message));
        Ok(())
    }

    fn report(&self, status: ChannelStatus) {
        // A flood of statuses is to be seen, not to be kept.
        self.change(|log| {
            if log.statuses.last() != Some(&status) {
                log.statuses.push(status);
            }
        });
    }
}

pub(crate) struct Rig {
    pub(crate) channel: Arc<ProcessChannel>,
    pub(crate) inbox: Arc<TestInbox>,
    pub(crate) folder: TempDir,
    pub(crate) shutdown: CancellationToken,
    pub(crate) running: JoinHandle<Result<(), ChannelError>>,
}

impl Rig {
    pub(crate) fn start(command: PluginCommand, timeouts: Timeouts) -> Self {
        Self::start_with(command, timeouts, TestInbox::new(Semaphore::MAX_PERMITS))
    }

    pub(crate) fn start_with(
        command: PluginCommand,
        timeouts: Timeouts,
        inbox: Arc<TestInbox>,
    ) -> Self {
        let config = Metadata::from_iter([("password".to_owned(), "sesame".into())]);
        let channel = Arc::new(ProcessChannel::new(command, config, timeouts));
        let folder = tempfile::tempdir().unwrap();
        let shutdown = CancellationToken::new();
        let running = spawn_run(&channel, &inbox, folder.path(), &shutdown);
        Self { channel, inbox, folder, shutdown, running }
    }

    /// Starts the fixture, and returns when it takes deliveries.
    pub(crate) async fn ready(command: PluginCommand, timeouts: Timeouts) -> Self {
        let rig = Self::start(command, timeouts);
        rig.until_ready().await;
        rig
    }

    pub(crate) async fn until_ready(&self) {
        // The plugin reports its state right after the answer that makes it ready, so there is a
        // moment between the two.
        let is_connected = |log: &Log| {
            let last = log.statuses.last();
            last.is_some_and(|status| status.state == ChannelState::Connected)
        };
        self.inbox.wait_for(is_connected).await;
        self.until_told("hello").await.unwrap();
    }

    /// Tells the plugin something as soon as it takes deliveries.
    pub(crate) async fn until_told(&self, text: &str) -> Result<Vec<String>, ChannelError> {
        loop {
            match self.tell(text).await {
                Err(error) if error.kind() == nanobot_channel::ErrorKind::NotReady => {
                    tokio::task::yield_now().await;
                }
                result => return result,
            }
        }
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn media_dir(&self) -> PathBuf {
        self.folder.path().join("media")
    }

    pub(crate) async fn tell(&self, text: &str) -> Result<Vec<String>, ChannelError> {
        let receipt = self.channel.send(outbound("control", text)).await?;
        Ok(receipt.platform_ids)
    }

    pub(crate) async fn offer(&self, messages: serde_json::Value) -> Vec<String> {
        let order = serde_json::json!({"offer": messages});
        self.tell(&order.to_string()).await.unwrap()
    }

    /// Returns what the run returned; nothing of the plugin is left then.
    pub(crate) async fn ended(&mut self) -> Result<(), ChannelError> {
        let result = (&mut self.running).await.unwrap();
        assert_eq!(leftovers(self.folder.path()), Vec::<String>::new());
        result
    }

    pub(crate) async fn stop(mut self) -> Result<(), ChannelError> {
        self.shutdown.cancel();
        self.ended().await
    }
}

pub(crate) fn spawn_run(
    channel: &Arc<ProcessChannel>,
    inbox: &Arc<TestInbox>,
    folder: &Path,
    shutdown: &CancellationToken,
) -> JoinHandle<Result<(), ChannelError>> {
    let inbox: Arc<dyn Inbox> = Arc::<TestInbox>::clone(inbox);
    let cx = ChannelContext::new(
        "fixture",
        folder.join("state"),
        folder.join("media"),
        shutdown.clone(),
        inbox,
    );
    let channel = Arc::clone(channel);
    tokio::spawn(async move { channel.run(cx).await })
}

/// Processes, zombies left out, that work in a folder; plugins work in their state folder.
pub(crate) fn leftovers(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().unwrap();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| {
            let cwd = std::fs::read_link(process.path().join("cwd"));
            cwd.is_ok_and(|cwd| cwd.starts_with(&folder))
        })
        .filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok())
        .filter(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
        .collect()
}

pub(crate) fn outbound(chat_id: &str, text: &str) -> OutboundMessage {
    OutboundMessage {
        delivery_id: "d1".into(),
        chat_id: chat_id.into(),
        thread_id: None,
        text: text.into(),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: Metadata::new(),
    }
}

/// A stream as the gateway drives it.
pub(crate) struct TestStream<'a> {
    pub(crate) channel: &'a ProcessChannel,
    pub(crate) id: &'static str,
    pub(crate) text: String,
}

impl<'a> TestStream<'a> {
    pub(crate) fn new(channel: &'a ProcessChannel, id: &'static str) -> Self {
        Self { channel, id, text: String::new() }
    }

    pub(crate) async fn grow(&mut self, piece: &str) -> Result<(), ChannelError> {
        self.text.push_str(piece);
        self.step(piece, None).await.map(drop)
    }

    pub(crate) async fn end(&self) -> Result<Receipt, ChannelError> {
        let end = StreamEnd { outcome: StreamOutcome::Complete, continues: false };
        self.step("", Some(end)).await
    }

    async fn step(&self, piece: &str, end: Option<StreamEnd>) -> Result<Receipt, ChannelError> {
        let delta = Delta {
            stream_id: self.id,
            delivery_id: "d2",
            chat_id: "c",
            thread_id: None,
            text: &self.text,
            piece,
            end,
            reply_to: None,
            metadata: &Metadata::new(),
        };
        self.channel.send_delta(delta).await
    }
}
