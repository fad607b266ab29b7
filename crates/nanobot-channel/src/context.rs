use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{Acceptance, ChannelError, ChannelState, ChannelStatus, InboundMessage, Sender};

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
