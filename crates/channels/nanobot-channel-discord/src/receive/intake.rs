use std::time::Duration;

use nanobot_channel::{Acceptance, ChannelError, ErrorKind, InboundMessage, Sender};
use nanobot_channel_kit::Backoff;

use super::Receiver;
use super::addressing::is_for;
use super::inbound::inbound;
use super::media::media_of;
use super::places::Place;
use crate::api::Message;

/// Pause when the gateway is busy without saying for how long.
const UNSAID_WAIT: Duration = Duration::from_secs(1);

/// What became of a message that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    /// The gateway has decided.
    Answered(Acceptance),
    /// The gateway will never take it.
    Refused,
    /// The channel stops before the gateway has it.
    Stopped,
}

impl Receiver {
    /// Hands a message to the gateway and moves the cursor when it is stored, or needs nothing.
    /// False if the channel stops before.
    pub(super) async fn take(&self, message: &Message) -> bool {
        if self.recent.contains(message.id) {
            return true;
        }
        let place = self.place(message.channel_id, message.guild_id).await;
        if !self.hand_over(message, place).await {
            return false;
        }
        self.recent.add(message.id);
        self.cursors.advance(message.channel_id, message.id, place.is_private());
        true
    }

    async fn hand_over(&self, message: &Message, place: Place) -> bool {
        let me = self.my_id();
        if !self.is_open_place(message.channel_id, place)
            || !is_for(me, self.config.group_policy, message, place)
        {
            return true;
        }
        let mut offer = inbound(me, message, place);
        let media = media_of(message);
        if offer.text.is_empty() && media.is_empty() {
            return true;
        }
        // A stranger must not make this machine fetch files.
        if !media.is_empty() {
            let Some(is_allowed) = self.is_allowed(&offer.sender).await else { return false };
            if is_allowed {
                let (files, notes) = self.fetch_media(&media).await;
                // What was not fetched because of the shutdown is fetched after the next start.
                if self.cx.shutdown.is_cancelled() {
                    return false;
                }
                offer.attachments = files;
                append(&mut offer.text, &notes);
            }
        }
        let offered = self.offer(offer).await;
        if offered == Offered::Answered(Acceptance::Accepted) {
            self.speaker.acknowledge(message.channel_id, message.id);
        }
        offered != Offered::Stopped
    }

    /// None if the channel stops before the gateway answers.
    pub(super) async fn is_allowed(&self, sender: &Sender) -> Option<bool> {
        let mut backoff = Backoff::default();
        loop {
            match self.cx.is_allowed(sender.clone()).await {
                Ok(is_allowed) => return Some(is_allowed),
                Err(error) if !self.wait_for_gateway(&error, &mut backoff).await => return None,
                Err(_) => {}
            }
        }
    }

    /// Offers a message until the gateway has decided.
    pub(super) async fn offer(&self, message: InboundMessage) -> Offered {
        let mut backoff = Backoff::default();
        loop {
            let error = match self.cx.handle_message(message.clone()).await {
                Ok(acceptance) => return Offered::Answered(acceptance),
                Err(error) => error,
            };
            if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Invalid) {
                let event = message.event_id.as_deref();
                tracing::warn!(error = error.report(), event, "The gateway refused a message.");
                return Offered::Refused;
            }
            if !self.wait_for_gateway(&error, &mut backoff).await {
                return Offered::Stopped;
            }
        }
    }

    async fn wait_for_gateway(&self, error: &ChannelError, backoff: &mut Backoff) -> bool {
        let pause = match (error.retry_after(), error.kind()) {
            (Some(wait), _) => wait,
            (None, ErrorKind::Overloaded) => UNSAID_WAIT,
            (None, _) => backoff.next_pause(),
        };
        tracing::debug!(error = error.report(), "The gateway does not take a message now.");
        self.pause(pause).await
    }
}

fn append(text: &mut String, lines: &[String]) {
    for line in lines {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
}
