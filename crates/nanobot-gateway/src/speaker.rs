use std::sync::OnceLock;

use nanobot_agent::{Ending, TurnEvents};
use nanobot_channel::{InboundMessage, OutboundKind, OutboundMessage, StreamEnd, StreamOutcome};
use nanobot_ledger::{InboundEntry, OutboundEntry, new_id};

use crate::delivery::{Delivery, StreamHandle};
use crate::roster::Hears;

/// Brings what a turn says to its chat: as a stream if the channel wants one, else as a message.
pub(crate) struct Speaker<'a> {
    delivery: &'a Delivery,
    channel: &'a str,
    origin: &'a InboundMessage,
    delivery_id: String,
    hears: Hears,
    /// The open stream; `None` inside if there was no room for one.
    stream: OnceLock<Option<StreamHandle>>,
}

impl TurnEvents for Speaker<'_> {
    fn text(&self, piece: &str) {
        if !self.hears.deltas {
            return;
        }
        let open =
            || self.delivery.open_stream(self.channel, self.message("", OutboundKind::Final));
        if let Some(stream) = self.stream.get_or_init(open) {
            stream.push(piece);
        }
    }

    fn progress(&self, text: &str) {
        if self.hears.progress {
            let message = OutboundMessage {
                delivery_id: new_id(),
                ..self.message(text, OutboundKind::Progress)
            };
            self.delivery.offer(self.channel, message);
        }
    }
}

impl<'a> Speaker<'a> {
    pub(crate) fn new(delivery: &'a Delivery, inbound: &'a InboundEntry, hears: Hears) -> Self {
        Self {
            delivery,
            channel: &inbound.channel,
            origin: &inbound.message,
            delivery_id: new_id(),
            hears,
            stream: OnceLock::new(),
        }
    }

    fn message(&self, text: &str, kind: OutboundKind) -> OutboundMessage {
        OutboundMessage {
            delivery_id: self.delivery_id.clone(),
            chat_id: self.origin.chat_id.clone(),
            thread_id: self.origin.thread_id.clone(),
            text: text.to_owned(),
            kind,
            attachments: Vec::new(),
            reply_to: None,
            attempt: 1,
            metadata: self.origin.metadata.clone(),
        }
    }

    /// What the person has seen of the answer so far.
    pub(crate) fn said(&self) -> String {
        match self.stream.get() {
            Some(Some(stream)) => stream.text(),
            _ => String::new(),
        }
    }

    pub(crate) fn final_entry(&self, reply: &str) -> OutboundEntry {
        let message = self.message(reply, OutboundKind::Final);
        OutboundEntry { channel: self.channel.to_owned(), message }
    }

    pub(crate) async fn deliver(mut self, entry: OutboundEntry, ending: Ending) {
        let outcome = match ending {
            Ending::Complete => StreamOutcome::Complete,
            Ending::Interrupted => StreamOutcome::Interrupted,
            Ending::Failed => StreamOutcome::Failed,
        };
        match self.stream.take() {
            Some(Some(stream)) => {
                stream.end(entry.message.text, StreamEnd { outcome, continues: false });
            }
            _ => self.delivery.enqueue(entry).await,
        }
    }
}
