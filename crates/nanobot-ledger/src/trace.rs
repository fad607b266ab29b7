use serde::{Deserialize, Serialize};

use crate::DeliveryRecord;

/// One message's way through the gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The message; none for what the agent said unasked, or once it is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound: Option<InboundRecord>,
    /// What came of it, in order.
    pub deliveries: Vec<DeliveryRecord>,
}

/// What is known of an inbound message. All times are in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundRecord {
    /// The gateway's id of the message.
    pub id: String,
    /// Channel that received it.
    pub channel: String,
    /// Session that it belongs to.
    pub session: String,
    /// Where it stands.
    pub state: InboundState,
    /// Turns that were begun with it.
    pub attempts: u32,
    /// When the gateway received it.
    pub received_ms: u64,
    /// When it was stored.
    pub accepted_ms: u64,
    /// When the last turn with it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_ms: Option<u64>,
    /// When the answer was stored, or the message discarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed_ms: Option<u64>,
}

/// Where an inbound message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboundState {
    /// To be answered.
    Waiting,
    /// Being answered.
    Claimed,
    /// Answered.
    Done,
    /// Ended without an answer, because a person asked for that.
    Discarded,
}
