use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nanobot_channel::{
    Acceptance, ChannelConfig, ChannelError, ChannelState, ChannelStatus, InboundMessage,
    LoginPrompt, Metadata, OutboundKind, OutboundMessage, Publication, Receipt,
};
use nanobot_plugin_link::{Peer, link};
use nanobot_protocol::{
    ChannelLogin, ChannelStart, Empty, HostCapabilities, Initialize, InitializeAnswer,
    PROTOCOL_VERSIONS, PluginMessage, Product, Shutdown, ShutdownReason,
};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::folder::TestFolder;
use super::host::{Host, host};
use super::stream::TestStream;
use super::{convert, serve_over};
use crate::convert::{error_object, link_error};

/// How long a test waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the pipe holds; about the size of a real one.
const PIPE_BYTES: usize = 64 * 1024;

/// A running channel and a played gateway, for tests; see the [module](super).
///
/// Methods panic, as assertions do, if the channel does not do within ten seconds what is waited
/// for.
pub struct ChannelTest {
    peer: Peer,
    host: Host,
    session: JoinHandle<u8>,
    folder: TestFolder,
    description: InitializeAnswer,
    deliveries: AtomicU64,
}

/// What happened during a login.
#[derive(Debug)]
pub struct LoginReport {
    /// What [`Channel::login`](crate::Channel::login) returned.
    pub result: Result<bool, ChannelError>,
    /// What the person was shown.
    pub prompts: Vec<LoginPrompt>,
}

impl ChannelTest {
    /// Starts a channel with a section of the config.
    ///
    /// # Panics
    ///
    /// If the channel does not accept the section; see [`try_start`](Self::try_start).
    pub async fn start<C: ChannelConfig + 'static>(section: Value) -> Self {
        let started = Self::try_start::<C>(section).await;
        started.unwrap_or_else(|error| panic!("the channel did not start: {}", error.report()))
    }

    /// Starts a channel with a section of the config.
    ///
    /// # Errors
    ///
    /// What the channel has against the section.
    pub async fn try_start<C: ChannelConfig + 'static>(
        section: Value,
    ) -> Result<Self, ChannelError> {
        let test = Self::connect::<C>().await;
        let start = ChannelStart {
            config: object(section),
            state_dir: test.folder.path().to_string_lossy().into_owned(),
            media_dir: test.folder.media().to_string_lossy().into_owned(),
        };
        let Empty {} = test.peer.request(&start).await.map_err(link_error)?;
        Ok(test)
    }

    /// Logs in, as `nanobot channels login` does; `answers` are what the person types.
    pub async fn login<C: ChannelConfig + 'static>(
        section: Value,
        force: bool,
        answers: &[&str],
    ) -> LoginReport {
        let test = Self::connect::<C>().await;
        let answers = answers.iter().map(ToString::to_string);
        test.host.script().login_answers.extend(answers);
        let login = ChannelLogin {
            config: object(section),
            state_dir: test.folder.path().to_string_lossy().into_owned(),
            force,
        };
        let answer = test.peer.request(&login).await;
        let prompts = std::mem::take(&mut test.host.script().login_prompts);
        test.shutdown().await;
        LoginReport { result: answer.map(|answer| answer.logged_in).map_err(link_error), prompts }
    }

    async fn connect<C: ChannelConfig + 'static>() -> Self {
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let (read, write) = tokio::io::split(far);
        let session = tokio::spawn(serve_over::<C>(read, write));
        let (read, write) = tokio::io::split(near);
        let (peer, reader, writer) = link(read, write);
        let (host, ear) = host(peer.clone());
        tokio::spawn(writer.run());
        tokio::spawn(reader.run(move |message: PluginMessage| ear.hear(message)));
        let description = initialize(&peer, C::NAME).await;
        Self {
            peer,
            host,
            session,
            folder: TestFolder::new(),
            description,
            deliveries: AtomicU64::new(0),
        }
    }

    /// The channel's private folder.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Decides what the channel hears from now on when it hands over a message; at first, that it
    /// is accepted.
    pub fn answer_with(&self, answer: Result<Acceptance, ChannelError>) {
        let answer = answer.map(convert::acceptance);
        self.host.script().answer = answer.map_err(|error| error_object(&error));
    }

    /// Decides which words [`ChannelContext::transcribe_audio`](crate::ChannelContext::transcribe_audio)
    /// gives for a recording; others are refused.
    pub fn transcribe_as(&self, recording: &Path, words: &str) {
        let path = recording.to_string_lossy().into_owned();
        self.host.script().recordings.insert(path, words.to_owned());
    }

    /// What the channel has sent to other channels since this was asked last.
    #[must_use]
    pub fn take_published(&self) -> Vec<Publication> {
        std::mem::take(&mut self.host.script().published)
    }

    /// The next message that the channel handed over, whatever the answer was.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub async fn receive(&mut self) -> InboundMessage {
        let next = within_patience("no message was received", self.host.inbound.recv());
        next.await.expect("the channel has ended")
    }

    /// The next state that the channel reported.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub async fn status(&mut self) -> ChannelStatus {
        let next = within_patience("no state was reported", self.host.statuses.recv());
        next.await.expect("the channel has ended")
    }

    /// The next status with this state.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub async fn wait_for(&mut self, state: ChannelState) -> ChannelStatus {
        loop {
            let status = self.status().await;
            if status.state == state {
                return status;
            }
        }
    }

    /// Delivers a text.
    ///
    /// # Errors
    ///
    /// What [`Channel::send`](crate::Channel::send) returned.
    pub async fn send(&self, chat_id: &str, text: &str) -> Result<Receipt, ChannelError> {
        self.deliver(self.message(chat_id, text)).await
    }

    /// A message with a delivery id of its own, to be changed and given to
    /// [`deliver`](Self::deliver).
    #[must_use]
    pub fn message(&self, chat_id: &str, text: &str) -> OutboundMessage {
        OutboundMessage {
            delivery_id: format!("delivery-{}", self.next_number()),
            chat_id: chat_id.to_owned(),
            thread_id: None,
            text: text.to_owned(),
            kind: OutboundKind::Final,
            attachments: Vec::new(),
            reply_to: None,
            attempt: 1,
            metadata: Metadata::new(),
        }
    }

    /// Delivers a message.
    ///
    /// # Errors
    ///
    /// What [`Channel::send`](crate::Channel::send) returned.
    pub async fn deliver(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let answer = self.peer.request(&convert::outbound(message)).await;
        answer.map(convert::receipt).map_err(link_error)
    }

    /// Streams pieces of text, one after the other as fast as the channel takes them, and ends.
    ///
    /// # Errors
    ///
    /// What [`Channel::send_delta`](crate::Channel::send_delta) returned for the end.
    pub async fn stream(&self, chat_id: &str, pieces: &[&str]) -> Result<Receipt, ChannelError> {
        let mut stream = self.open_stream(chat_id).await;
        for piece in pieces {
            if self.description.capabilities.streaming.is_some() {
                stream.delta(piece).await;
            }
        }
        stream.end().await
    }

    /// Opens a stream, to be fed by hand.
    pub async fn open_stream(&self, chat_id: &str) -> TestStream {
        let id = format!("stream-{}", self.next_number());
        let streaming = self.description.capabilities.streaming.as_ref();
        let window = streaming.map_or(1, |streaming| streaming.window);
        let script = Arc::clone(&self.host.script);
        TestStream::open(self.peer.clone(), script, (id, chat_id.to_owned()), window).await
    }

    /// The link itself, for calls that no other method makes.
    #[doc(hidden)]
    #[must_use]
    pub fn link(&self) -> Peer {
        self.peer.clone()
    }

    /// Stops the channel in order and returns the exit status, 0 if all went well.
    ///
    /// # Panics
    ///
    /// If the channel does not stop.
    pub async fn shutdown(self) -> u8 {
        let grace_ms = u64::try_from(PATIENCE.as_millis()).expect("ten seconds are few");
        let reason = ShutdownReason::Stop;
        // Fails if the channel has ended by itself, which the exit status tells.
        let _ = self.peer.request(&Shutdown { grace_ms, reason }).await;
        self.peer.close();
        self.ended().await
    }

    /// Waits until the channel has ended by itself, and returns the exit status.
    ///
    /// # Panics
    ///
    /// If it does not end.
    pub async fn ended(self) -> u8 {
        let ended = within_patience("the channel did not end", self.session).await;
        ended.expect("the session does not panic")
    }

    fn next_number(&self) -> u64 {
        self.deliveries.fetch_add(1, Ordering::Relaxed) + 1
    }
}

async fn initialize(peer: &Peer, instance: &str) -> InitializeAnswer {
    let offered = Some(Empty {});
    let hello = Initialize {
        protocol_versions: PROTOCOL_VERSIONS.to_vec(),
        host: Product { name: "channel-test".into(), version: env!("CARGO_PKG_VERSION").into() },
        capabilities: HostCapabilities {
            sender_check: offered,
            transcription: offered,
            publish: offered,
        },
        instance: instance.to_owned(),
        log_level: None,
    };
    let answer = within_patience("no answer to initialize", peer.request(&hello)).await;
    answer.expect("the versions are the same")
}

async fn within_patience<T>(problem: &str, work: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(PATIENCE, work).await;
    result.unwrap_or_else(|_| panic!("{problem} within {} seconds", PATIENCE.as_secs()))
}

fn object(section: Value) -> Metadata {
    match section {
        Value::Object(section) => section,
        other => panic!("a section of the config is an object, not {other}"),
    }
}
