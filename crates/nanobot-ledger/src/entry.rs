use std::time::{SystemTime, UNIX_EPOCH};

use nanobot_channel::{InboundMessage, OutboundMessage, Receipt};
use serde::{Deserialize, Serialize};

use crate::TurnUsage;

/// An inbound message on its way into the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundEntry {
    /// The gateway's id of the message.
    pub id: String,
    /// Name of the channel that received it.
    pub channel: String,
    /// The agent's memory that it belongs to.
    pub session: String,
    /// When the gateway received it, in milliseconds since 1970.
    pub received_ms: u64,
    /// The message itself.
    pub message: InboundMessage,
}

/// What became of a message that was offered to [`Ledger::accept`](crate::Ledger::accept).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Stored.
    New,
    /// The channel offered a message with this event id before.
    Duplicate,
    /// Not stored: too many messages of this session, or of all, wait already.
    Full,
}

/// A message that a turn is about to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The message.
    pub inbound: InboundEntry,
    /// What the session remembers, oldest first: one JSON object each, opaque to the ledger.
    pub history: Vec<String>,
    /// 1 for the first try; more if a turn with this message was cut off.
    pub attempt: u32,
    /// What an earlier turn with this message stored last with
    /// [`checkpoint`](crate::Ledger::checkpoint).
    pub checkpoint: Option<String>,
}

/// The result of a turn, stored all at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TurnCommit {
    /// The message that was answered; empty for a turn that no message began.
    pub inbound_id: String,
    /// Other messages of the session that the turn has answered with it; they are done as well.
    pub joined: Vec<String>,
    /// The session it belongs to.
    pub session: String,
    /// What the session gained: one JSON object each. Without any the session stays as it is, and
    /// does not begin.
    pub history: Vec<String>,
    /// What is to be delivered, in order.
    pub outbound: Vec<OutboundEntry>,
    /// What the turn used, if a model was asked.
    pub usage: Option<TurnUsage>,
}

/// A message to be delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboundEntry {
    /// Name of the channel that delivers it.
    pub channel: String,
    /// The message; its `delivery_id` names the entry.
    pub message: OutboundMessage,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The platform has it.
    Delivered(Receipt),
    /// It never will have it; kept as a dead letter.
    Dead {
        /// Why, for people.
        reason: String,
    },
}

/// Says in a message's metadata that the platform may have it already.
pub const POSSIBLE_DUPLICATE: &str = "_possible_duplicate";

/// A new id, unique everywhere and ordered by time.
#[must_use]
pub fn new_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
