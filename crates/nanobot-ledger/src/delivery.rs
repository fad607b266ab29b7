use nanobot_channel::Receipt;
use serde::{Deserialize, Serialize};

use crate::OutboundEntry;

/// A delivery that is to be taken up.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingDelivery {
    /// What to deliver; its `attempt` counts on from the tries before.
    pub entry: OutboundEntry,
    /// True if an earlier try may have reached the platform: trying again may deliver it twice.
    pub is_unknown: bool,
}

/// A try that did not deliver, after which the delivery waits for the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTry {
    /// Why, for people.
    pub reason: String,
    /// True if the platform may have the message nevertheless, e.g. because no answer came.
    pub is_unknown: bool,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be tried.
    Waiting,
    /// A channel was asked to deliver it and has not answered.
    UnderWay,
    /// Put aside until a person decides.
    Held,
    /// The platform has it.
    Delivered,
    /// Given up.
    Dead,
    /// A person decided against it.
    Dropped,
}

impl DeliveryState {
    /// All of them, in the order of a delivery's life.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::UnderWay, Self::Held, Self::Delivered, Self::Dead, Self::Dropped];

    /// Its name as it is stored, shown and typed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::UnderWay => "under_way",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What is known of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// Order of the delivery among all; for paging.
    pub position: u64,
    /// Its name.
    pub delivery_id: String,
    /// The message that it answers, if it answers one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound_id: Option<String>,
    /// Channel that delivers it.
    pub channel: String,
    /// Chat that it goes to.
    pub chat_id: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// True if some try may have reached the platform without an answer.
    pub is_unknown: bool,
    /// Tries that were begun.
    pub attempts: u32,
    /// The text; empty once the message was delivered or dropped.
    pub text: String,
    /// Why the last try failed, or why it is held or dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the channel answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// When it was stored, in milliseconds since 1970.
    pub created_ms: u64,
    /// When its last try began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun_ms: Option<u64>,
    /// When it was delivered, given up or dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_ms: Option<u64>,
}

/// Which deliveries to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// In one of these states; in any if empty.
    pub states: Vec<DeliveryState>,
    /// Only those before this position; for the next page.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

impl Default for DeliveryFilter {
    fn default() -> Self {
        Self { states: Vec::new(), before: None, limit: 100 }
    }
}

impl DeliveryFilter {
    /// The newest deliveries in one of these states.
    #[must_use]
    pub fn of(states: impl Into<Vec<DeliveryState>>) -> Self {
        Self { states: states.into(), ..Self::default() }
    }
}
