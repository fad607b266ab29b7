use serde::{Deserialize, Serialize};

/// Optional features of a channel, announced before it runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Overrides [`send_delta`](crate::Channel::send_delta).
    pub streaming: bool,
    /// Overrides [`login`](crate::Channel::login).
    pub login: bool,
    /// Recognises a repeated [`delivery_id`](crate::OutboundMessage::delivery_id), also after a
    /// restart, so that a delivery with an unknown outcome can safely be repeated.
    pub deduplicates: bool,
}
