//! Messages that tools send while a turn runs.

use async_trait::async_trait;
use nanobot_agent::{Message, Outbox, OutboxError, OutboxMessage, Posted, Role};
use nanobot_channel::{Attachment, Metadata, OutboundKind, OutboundMessage};
use nanobot_ledger::{InboundEntry, Ledger, OutboundEntry, TurnCommit};

use crate::delivery::Delivery;
use crate::speaker::message_to;
use crate::status::{State, StatusBoard};

/// The outbox of one turn. What it takes is in the ledger before the tool hears of it, and is
/// delivered behind what the chat's lane holds.
pub(crate) struct Post<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) delivery: &'a Delivery,
    pub(crate) board: &'a StatusBoard,
    pub(crate) inbound: &'a InboundEntry,
    /// Whether the turn was begun before, and may have sent some of its messages then.
    pub(crate) is_repeated: bool,
}

#[async_trait]
impl Outbox for Post<'_> {
    async fn send(&self, message: OutboxMessage) -> Result<Posted, OutboxError> {
        self.check(&message)?;
        let delivery_id = format!("{}-{}", self.inbound.id, message.key);
        if self.is_repeated && self.is_known(&delivery_id).await? {
            return Ok(Posted::Before);
        }
        let (session, history) = self.remembered(&message);
        let turn = TurnCommit {
            session,
            history,
            outbound: vec![self.entry(delivery_id, message)],
            ..TurnCommit::default()
        };
        self.delivery.post(turn).await.map_err(|error| {
            tracing::error!(%error, "Could not store a message of a tool.");
            OutboxError("the message could not be stored, so it was not sent".to_owned())
        })?;
        Ok(Posted::Now)
    }
}

impl Post<'_> {
    /// The chat of the turn has just been heard from; another one must be within reach.
    fn check(&self, message: &OutboxMessage) -> Result<(), OutboxError> {
        if message.is_to_origin {
            return Ok(());
        }
        let channels = self.board.snapshot();
        let name = &message.channel;
        let Some(channel) = channels.get(name) else {
            let names: Vec<&str> = channels.keys().map(String::as_str).collect();
            let names = names.join(", ");
            return Err(OutboxError(format!("there is no channel `{name}`; there are: {names}")));
        };
        let why = match channel.state {
            State::Connecting | State::Connected | State::Retrying => return Ok(()),
            State::LoginRequired => "needs a login",
            State::Failing => "does not run, it crashed again and again",
            State::Stopped => "is stopped",
        };
        Err(OutboxError(format!("nothing was sent, because the channel `{name}` {why}")))
    }

    async fn is_known(&self, delivery_id: &str) -> Result<bool, OutboxError> {
        let trace = self.ledger.trace(delivery_id).await.map_err(|error| {
            tracing::error!(%error, "Could not look up a message of a tool.");
            OutboxError("the ledger cannot be read, so nothing was sent".to_owned())
        })?;
        let deliveries = trace.map(|trace| trace.deliveries).unwrap_or_default();
        Ok(deliveries.iter().any(|record| record.delivery_id == delivery_id))
    }

    /// Who must remember the message: the session of another chat, so that it understands a reply.
    /// The turn itself knows its calls of tools.
    fn remembered(&self, message: &OutboxMessage) -> (String, Vec<String>) {
        if message.is_to_origin {
            return (self.inbound.session.clone(), Vec::new());
        }
        let mut text = message.text.clone();
        for file in &message.media {
            text.push_str(&format!("\n[file: {}]", file.display()));
        }
        let entry = serde_json::to_string(&Message::now(Role::Assistant, text));
        (format!("{}:{}", message.channel, message.chat_id), entry.into_iter().collect())
    }

    fn entry(&self, delivery_id: String, message: OutboxMessage) -> OutboundEntry {
        let OutboxMessage { channel, chat_id, is_to_origin, text, media, .. } = message;
        let attachments = media.into_iter().map(Attachment::from_path).collect();
        let base = message_to(&self.inbound.message, delivery_id, text, OutboundKind::Final);
        // What belongs to the message that is answered would misroute one to another chat.
        let message = if is_to_origin {
            OutboundMessage { attachments, ..base }
        } else {
            OutboundMessage {
                chat_id,
                thread_id: None,
                metadata: Metadata::new(),
                attachments,
                ..base
            }
        };
        OutboundEntry { channel, message }
    }
}
