//! What the gateway says without being asked: to its owner when a channel does not work, and at its
//! start and end.

mod incidents;
mod lifecycle;
mod owner;
mod rate;
mod text;

use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{Metadata, OutboundKind, OutboundMessage};
use nanobot_ledger::{Ledger, OutboundEntry, TurnCommit, WaitingDelivery, new_id};
use tokio_util::sync::CancellationToken;

pub(crate) use lifecycle::{say_started, say_stopping};
pub(crate) use owner::OwnerWatch;

use crate::delivery::Delivery;

/// A chat that the gateway writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatTarget {
    /// Name of the channel.
    pub channel: String,
    /// The chat, as the channel names it.
    pub chat_id: String,
    /// Sub-conversation inside the chat.
    pub thread_id: Option<String>,
}

/// One text for several chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// What is said.
    pub text: String,
    /// Where.
    pub to: Vec<ChatTarget>,
}

impl Announcement {
    /// The text with each of its chats.
    pub(crate) fn each(&self) -> impl Iterator<Item = (String, ChatTarget)> {
        self.to.iter().map(|target| (self.text.clone(), target.clone()))
    }
}

/// What the gateway says without being asked.
#[derive(Debug, Clone)]
pub struct NotifySettings {
    /// Where the owner is told of a channel that does not work, best first; nowhere if empty.
    pub owner: Vec<ChatTarget>,
    /// How long a channel may be away before the owner is told.
    pub down_after: Duration,
    /// How long a channel must be connected to count as well again.
    pub well_after: Duration,
    /// Said to each chat once its channel is connected.
    pub on_start: Option<Announcement>,
    /// Said before the channels stop.
    pub on_stop: Option<Announcement>,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            owner: Vec::new(),
            down_after: Duration::from_secs(300),
            well_after: Duration::from_secs(60),
            on_start: None,
            on_stop: None,
        }
    }
}

/// Says things that nobody asked for, so that they survive what answers survive.
#[derive(Clone)]
pub(crate) struct Announcer {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) delivery: Delivery,
    pub(crate) closing: CancellationToken,
}

impl Announcer {
    /// Stores a notice and hands it to the delivery. Once the gateway stops, it waits in the ledger
    /// for the next start.
    pub(crate) async fn say(&self, target: &ChatTarget, text: String) {
        let entry =
            OutboundEntry { channel: target.channel.clone(), message: notice(target, text) };
        let commit = TurnCommit {
            session: format!("{}:{}", target.channel, target.chat_id),
            outbound: vec![entry.clone()],
            ..TurnCommit::default()
        };
        if let Err(error) = self.ledger.commit_turn(commit).await {
            let channel = &target.channel;
            tracing::error!(%error, channel, "Could not store a notice; it is not delivered.");
            return;
        }
        if !self.closing.is_cancelled() {
            // Not `enqueue`: whoever watches the channels must not wait for one of them.
            self.delivery.take_up(WaitingDelivery { entry, is_unknown: false });
        }
    }
}

fn notice(target: &ChatTarget, text: String) -> OutboundMessage {
    OutboundMessage {
        delivery_id: new_id(),
        chat_id: target.chat_id.clone(),
        thread_id: target.thread_id.clone(),
        text,
        kind: OutboundKind::Notice,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: Metadata::new(),
    }
}
