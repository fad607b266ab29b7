use std::time::Duration;

use nanobot_channel::{Acceptance, ChannelError, ErrorKind, InboundMessage, Sender};

use super::Receiver;
use super::addressing::is_for;
use super::backlog::Unit;
use super::inbound::{inbound, thread};
use super::media::media_of;
use crate::api::Message;
use crate::config::EditedMessages;
use nanobot_channel_kit::Backoff;

/// Pause when the gateway is busy without saying for how long.
const UNSAID_WAIT: Duration = Duration::from_secs(1);

/// True: Telegram may forget the unit. False: the channel stops before the gateway has it.
pub(super) type IsDone = bool;

impl Receiver {
    /// Hands a unit to the gateway and returns when it is stored, or needs nothing.
    pub(super) async fn take(&self, unit: &Unit) -> IsDone {
        let answers_edits = self.config.edited_messages == EditedMessages::Answer;
        let is_meant = |message: &Message| {
            // Updates from before a change of the config may still come.
            (answers_edits || !message.is_edit)
                && is_for(&self.me, self.config.group_policy, message)
        };
        if !unit.messages.iter().any(is_meant) {
            return true;
        }
        let Some(mut message) = inbound(&self.cx.name, unit) else { return true };
        let media: Vec<_> = unit.messages.iter().flat_map(media_of).collect();
        if message.text.is_empty() && media.is_empty() {
            return true;
        }
        // A stranger must not make this machine fetch files.
        if !media.is_empty() {
            let Some(is_allowed) = self.is_allowed(&message.sender).await else { return false };
            if is_allowed {
                let (files, notes) = self.fetch_media(&media).await;
                // What was not fetched because of the shutdown is fetched after the next start.
                if self.cx.shutdown.is_cancelled() {
                    return false;
                }
                message.attachments = files;
                append(&mut message.text, &notes);
            }
        }
        let Some(acceptance) = self.offer(message).await else { return false };
        if acceptance == Some(Acceptance::Accepted) {
            self.acknowledge(unit);
        }
        true
    }

    /// Shows the writer that the message has arrived.
    fn acknowledge(&self, unit: &Unit) {
        if let Some(message) = unit.messages.first() {
            self.speaker.acknowledge(message.chat.id, thread(message), message.message_id);
        }
    }

    async fn is_allowed(&self, sender: &Sender) -> Option<bool> {
        let mut backoff = Backoff::default();
        loop {
            match self.cx.is_allowed(sender.clone()).await {
                Ok(is_allowed) => return Some(is_allowed),
                Err(error) if !self.wait_for_gateway(&error, &mut backoff).await => return None,
                Err(_) => {}
            }
        }
    }

    /// Offers a message until the gateway has stored it. None if the channel stops before, and
    /// `Some(None)` if the gateway will never take it.
    async fn offer(&self, message: InboundMessage) -> Option<Option<Acceptance>> {
        let mut backoff = Backoff::default();
        loop {
            let error = match self.cx.handle_message(message.clone()).await {
                Ok(acceptance) => return Some(Some(acceptance)),
                Err(error) => error,
            };
            if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Invalid) {
                let event = message.event_id.as_deref();
                tracing::warn!(error = error.report(), event, "The gateway refused a message.");
                return Some(None);
            }
            if !self.wait_for_gateway(&error, &mut backoff).await {
                return None;
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
