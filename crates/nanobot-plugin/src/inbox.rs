use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use nanobot_channel::{
    Acceptance, ChannelError, ChannelState, ChannelStatus, ErrorKind, InboundMessage, Inbox,
    Offers, Publication, Sender,
};
use nanobot_protocol::{AudioTranscribe, Empty, HostCapabilities, Limits, SenderCheck};
use tokio::sync::Semaphore;

use crate::convert;
use crate::lifetime::Lifetime;

/// The gateway, at the other end of the link.
pub(crate) struct LinkInbox {
    life: Arc<Lifetime>,
    host: HostCapabilities,
    in_flight: Arc<Semaphore>,
    max_in_flight: usize,
    is_connected: AtomicBool,
}

impl LinkInbox {
    pub(crate) fn new(life: Arc<Lifetime>, host: HostCapabilities) -> Self {
        let max_in_flight = Limits::default().max_inbound_in_flight as usize;
        Self {
            life,
            host,
            in_flight: Arc::new(Semaphore::new(max_in_flight)),
            max_in_flight,
            is_connected: AtomicBool::new(false),
        }
    }

    /// Messages that were offered and not answered yet.
    pub(crate) fn in_flight(&self) -> u32 {
        let count = self.max_in_flight - self.in_flight.available_permits();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// A channel that receives is connected, whether it says so or not.
    fn imply_connected(&self) {
        if !self.is_connected.load(Ordering::Relaxed) {
            self.report(ChannelState::Connected.into());
        }
    }
}

#[async_trait]
impl Inbox for LinkInbox {
    async fn handle_message(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        // Waiting here is what makes a channel stop reading its platform.
        let permit = Arc::clone(&self.in_flight).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let peer = self.life.peer.clone();
        // A task of its own: the place is taken until the answer, also if the caller goes away, as
        // the handlers of a web server do when the client hangs up.
        let asking = self.life.spawn(async move {
            let _permit = permit;
            peer.request(&convert::inbound(message)).await
        });
        let answer = asking.await.map_err(|error| {
            ChannelError::internal("failed to ask the gateway").with_source(error)
        })?;
        let answer = answer.map_err(convert::link_error)?;
        if answer.accepted {
            self.imply_connected();
        }
        Ok(convert::acceptance(&answer))
    }

    async fn is_allowed(&self, sender: Sender) -> Result<bool, ChannelError> {
        if self.host.sender_check.is_none() {
            // The allow-list is checked again when the message arrives.
            return Ok(true);
        }
        let sender = convert::sender(sender);
        match self.life.peer.request(&SenderCheck { sender }).await {
            Ok(answer) => Ok(answer.allowed),
            Err(error) => match convert::link_error(error) {
                error if error.kind() == ErrorKind::Unsupported => Ok(true),
                error => Err(error),
            },
        }
    }

    fn offers(&self) -> Offers {
        convert::offers(&self.host)
    }

    async fn transcribe_audio(&self, file: &Path) -> Result<String, ChannelError> {
        if self.host.transcription.is_none() {
            return Err(ChannelError::unsupported("the gateway transcribes nothing"));
        }
        let Some(path) = file.to_str().map(str::to_owned) else {
            return Err(ChannelError::rejected("the path of the recording is not UTF-8"));
        };
        let answer = self.life.peer.request(&AudioTranscribe { path }).await;
        answer.map(|answer| answer.text).map_err(convert::link_error)
    }

    async fn publish(&self, message: Publication) -> Result<(), ChannelError> {
        if self.host.publish.is_none() {
            let error =
                ChannelError::unsupported("the gateway takes no messages to other channels");
            return Err(error.with_hint("see publishTo in the section of this channel"));
        }
        let answer = self.life.peer.request(&convert::publication(message)).await;
        answer.map(|Empty {}| ()).map_err(convert::link_error)
    }

    fn report(&self, status: ChannelStatus) {
        let is_connected = status.state == ChannelState::Connected;
        self.is_connected.store(is_connected, Ordering::Relaxed);
        if !self.life.peer.try_notify(&convert::status(status)) && !self.life.peer.is_closed() {
            tracing::warn!("A change of the channel's state could not be reported.");
        }
    }
}
