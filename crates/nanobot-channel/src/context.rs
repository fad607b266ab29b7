use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{
    Acceptance, ChannelError, ChannelState, ChannelStatus, InboundMessage, Publication, Sender,
};

/// What a running channel may use of the gateway; there is nothing else.
#[derive(Clone)]
pub struct ChannelContext {
    /// Name of the channel's section in the config.
    pub name: String,
    /// Cancelled when the channel should stop. A channel may cancel it itself, to end what it has
    /// running beside: it is this run's alone.
    pub shutdown: CancellationToken,
    /// Private folder, kept across restarts.
    pub state_dir: PathBuf,
    /// Folder for received files.
    pub media_dir: PathBuf,
    inbox: Arc<dyn Inbox>,
}

/// The gateway as a channel sees it. Implemented by the gateway, by the plugin link and by tests.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// See [`ChannelContext::handle_message`].
    async fn handle_message(&self, message: InboundMessage) -> Result<Acceptance, ChannelError>;
    /// See [`ChannelContext::is_allowed`].
    async fn is_allowed(&self, sender: Sender) -> Result<bool, ChannelError>;
    /// See [`ChannelContext::report`].
    fn report(&self, status: ChannelStatus);

    /// See [`ChannelContext::offers`].
    fn offers(&self) -> Offers {
        Offers::default()
    }

    /// See [`ChannelContext::handle_vouched_message`].
    async fn handle_vouched_message(
        &self,
        message: InboundMessage,
    ) -> Result<Acceptance, ChannelError> {
        self.handle_message(message).await
    }

    /// See [`ChannelContext::transcribe_audio`].
    async fn transcribe_audio(&self, _file: &Path) -> Result<String, ChannelError> {
        Err(ChannelError::unsupported("transcription is not configured"))
    }

    /// See [`ChannelContext::publish`].
    async fn publish(&self, _message: Publication) -> Result<(), ChannelError> {
        Err(ChannelError::unsupported("messages to other channels are not taken"))
    }
}

/// What the gateway does for a channel beside taking its messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offers {
    /// [`ChannelContext::transcribe_audio`] is configured.
    pub transcription: bool,
    /// [`ChannelContext::publish`] is allowed, to some channels at least.
    pub publish: bool,
}

impl ChannelContext {
    /// A context around an inbox.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        state_dir: PathBuf,
        media_dir: PathBuf,
        shutdown: CancellationToken,
        inbox: Arc<dyn Inbox>,
    ) -> Self {
        Self { name: name.into(), shutdown, state_dir, media_dir, inbox }
    }

    /// Hands a message to the gateway; returns when it is safely stored.
    ///
    /// Call this for each message received. The allow-list is checked here and nowhere else. After
    /// any `Ok` the channel may commit its cursor, answer its webhook, mark the mail as seen.
    ///
    /// # Errors
    ///
    /// The message was not stored. [`Overloaded`](crate::ErrorKind::Overloaded) says when to offer
    /// it again, [`Rejected`](crate::ErrorKind::Rejected) that it never will be taken (too large).
    pub async fn handle_message(
        &self,
        message: InboundMessage,
    ) -> Result<Acceptance, ChannelError> {
        self.inbox.handle_message(message).await
    }

    /// True if the sender is on the channel's allow-list.
    ///
    /// [`handle_message`](Self::handle_message) asks by itself; this is for deciding before an
    /// expensive download.
    ///
    /// # Errors
    ///
    /// Fails if the gateway is gone.
    pub async fn is_allowed(&self, sender: Sender) -> Result<bool, ChannelError> {
        self.inbox.is_allowed(sender).await
    }

    /// What the gateway does for this channel beside taking its messages.
    #[must_use]
    pub fn offers(&self) -> Offers {
        self.inbox.offers()
    }

    /// Hands over a message whose sender the channel let pass by a rule of its own.
    ///
    /// For channels that were written to decide by themselves. Whether the rule counts is for the
    /// gateway's config to say; where it does not, this is [`handle_message`](Self::handle_message).
    ///
    /// # Errors
    ///
    /// See [`handle_message`](Self::handle_message).
    pub async fn handle_vouched_message(
        &self,
        message: InboundMessage,
    ) -> Result<Acceptance, ChannelError> {
        self.inbox.handle_vouched_message(message).await
    }

    /// The words of a recording in [`media_dir`](Self::media_dir) or [`state_dir`](Self::state_dir);
    /// empty if nothing is said. May take a minute.
    ///
    /// Recordings that come as attachments need no call: the gateway transcribes them by itself.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if transcription is not configured (see
    /// [`offers`](Self::offers)), [`Rejected`](crate::ErrorKind::Rejected) for a file that lies
    /// elsewhere, is too large or cannot be read, other kinds if the speech service failed.
    pub async fn transcribe_audio(&self, file: &Path) -> Result<String, ChannelError> {
        self.inbox.transcribe_audio(file).await
    }

    /// Sends a message through another channel; returns when it is safely stored.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) if no such channel is enabled,
    /// [`Rejected`](crate::ErrorKind::Rejected) if the config does not allow it,
    /// [`Overloaded`](crate::ErrorKind::Overloaded) if there are too many.
    pub async fn publish(&self, message: Publication) -> Result<(), ChannelError> {
        self.inbox.publish(message).await
    }

    /// Tells the gateway how the connection to the platform is.
    pub fn report(&self, status: impl Into<ChannelStatus>) {
        self.inbox.report(status.into());
    }

    /// Tells the gateway that the channel is ready to receive.
    pub fn connected(&self) {
        self.report(ChannelState::Connected);
    }
}

impl std::fmt::Debug for ChannelContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelContext").field("name", &self.name).finish_non_exhaustive()
    }
}
