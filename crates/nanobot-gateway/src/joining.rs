//! Messages that join a turn while it runs.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use nanobot_agent::{Interjections, Message, Role};
use nanobot_ledger::{InboundEntry, Ledger};

use crate::commands::Command;

/// Field of a history entry with the id of the message that it was.
const INBOUND_ID: &str = "inbound_id";
/// Messages that join after one round of tools.
const AT_ONCE: usize = 20;

/// What joins one turn. The messages go on waiting in the ledger until the turn is committed, and
/// which ones have joined stands in the turn's checkpoint: after a crash nothing is lost, and
/// nothing is answered twice.
pub(crate) struct Joining<'a> {
    ledger: &'a dyn Ledger,
    inbound: &'a InboundEntry,
    joined: Mutex<Vec<String>>,
}

impl<'a> Joining<'a> {
    /// Goes on after what the turn's checkpoint says.
    pub(crate) fn new(ledger: &'a dyn Ledger, inbound: &'a InboundEntry, done: &[Message]) -> Self {
        let ids = done.iter().filter_map(|entry| entry.extra.get(INBOUND_ID)?.as_str());
        let joined = Mutex::new(ids.map(str::to_owned).collect());
        Self { ledger, inbound, joined }
    }

    /// Ids of the messages that the turn answers with its own.
    pub(crate) fn joined(&self) -> Vec<String> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a message can be answered by this turn: it comes from the same place, and is text.
    fn fits(&self, entry: &InboundEntry) -> bool {
        let (own, other) = (&self.inbound.message, &entry.message);
        entry.channel == self.inbound.channel
            && other.chat_id == own.chat_id
            && other.thread_id == own.thread_id
            && other.attachments.is_empty()
            && Command::parse(&other.text).is_none()
    }

    fn said(&self, entry: &InboundEntry) -> Message {
        let (own, other) = (&self.inbound.message.sender, &entry.message.sender);
        let text = &entry.message.text;
        let text = if own.id == other.id {
            text.clone()
        } else {
            let name = other.display_name.as_deref().unwrap_or(&other.id);
            format!("[From: {}]\n{text}", name.replace(char::is_control, " "))
        };
        let mut said = Message::now(Role::User, text);
        said.extra.insert(INBOUND_ID.to_owned(), entry.id.clone().into());
        said
    }
}

#[async_trait]
impl Interjections for Joining<'_> {
    async fn take(&self) -> Vec<Message> {
        let known = self.joined();
        let waiting = self.ledger.waiting_in(&self.inbound.session, AT_ONCE + known.len()).await;
        let waiting = waiting.unwrap_or_else(|error| {
            tracing::error!(%error, "Could not read what was said to a running turn.");
            Vec::new()
        });
        let new = waiting.iter().filter(|entry| !known.contains(&entry.id));
        // In their order: what stands behind a message that has to wait waits as well.
        let new: Vec<&InboundEntry> = new.take_while(|entry| self.fits(entry)).collect();
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        joined.extend(new.iter().map(|entry| entry.id.clone()));
        new.into_iter().map(|entry| self.said(entry)).collect()
    }
}
