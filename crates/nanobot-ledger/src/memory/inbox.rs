use std::collections::{HashMap, VecDeque};

use super::event_ids::EventIds;
use super::{Finished, MemoryLimits};
use crate::{Accepted, Claim, InboundEntry, InboundRecord, InboundState, now_ms};

#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// Sessions with messages that are not done.
    lanes: HashMap<String, Lane>,
    waiting: usize,
    events: EventIds,
    records: HashMap<String, InboundRecord>,
    finished: Finished,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Message>,
    claimed: Option<Message>,
}

#[derive(Debug)]
struct Message {
    entry: InboundEntry,
    attempt: u32,
    checkpoint: Option<String>,
}

impl Inbox {
    pub(super) fn accept(&mut self, entry: InboundEntry, limits: &MemoryLimits) -> Accepted {
        let event = entry.message.event_id.as_ref().map(|id| event_key(&entry.channel, id));
        let is_known = |event: &String| self.events.contains(event);
        if event.as_ref().is_some_and(is_known) || self.records.contains_key(&entry.id) {
            return Accepted::Duplicate;
        }
        let in_session = self.lanes.get(&entry.session).map_or(0, |lane| lane.waiting.len());
        if self.waiting >= limits.waiting || in_session >= limits.waiting_per_session {
            return Accepted::Full;
        }
        if let Some(event) = event {
            self.events.insert(event, limits.event_ids);
        }
        self.waiting += 1;
        self.records.insert(entry.id.clone(), record(&entry));
        let lane = self.lanes.entry(entry.session.clone()).or_default();
        lane.waiting.push_back(Message { entry, attempt: 1, checkpoint: None });
        Accepted::New
    }

    /// The claim, still without history.
    pub(super) fn claim(&mut self, session: &str) -> Option<Claim> {
        let lane = self.lanes.get_mut(session)?;
        if lane.claimed.is_some() {
            return None;
        }
        let message = lane.claimed.insert(lane.waiting.pop_front()?);
        self.waiting -= 1;
        if let Some(record) = self.records.get_mut(&message.entry.id) {
            record.state = InboundState::Claimed;
            record.attempts = message.attempt;
            record.claimed_ms = Some(now_ms());
        }
        Some(Claim {
            inbound: message.entry.clone(),
            history: Vec::new(),
            attempt: message.attempt,
            checkpoint: message.checkpoint.clone(),
        })
    }

    pub(super) fn waiting_in(&self, session: &str, limit: usize) -> Vec<InboundEntry> {
        let waiting = self.lanes.get(session).into_iter().flat_map(|lane| &lane.waiting);
        waiting.take(limit).map(|message| message.entry.clone()).collect()
    }

    pub(super) fn checkpoint(&mut self, id: &str, json: String) {
        let session = self.records.get(id).map(|record| record.session.as_str());
        let Some(lane) = session.and_then(|session| self.lanes.get_mut(session)) else {
            return;
        };
        let mut messages = lane.claimed.iter_mut().chain(&mut lane.waiting);
        let message = messages.find(|message| message.entry.id == id);
        if let Some(message) = message {
            message.checkpoint = Some(json);
        }
    }

    pub(super) fn release(&mut self, session: &str) {
        let Some(lane) = self.lanes.get_mut(session) else {
            return;
        };
        let Some(mut message) = lane.claimed.take() else {
            return;
        };
        if let Some(record) = self.records.get_mut(&message.entry.id) {
            record.state = InboundState::Waiting;
        }
        message.attempt += 1;
        lane.waiting.push_front(message);
        self.waiting += 1;
    }

    pub(super) fn discard_waiting(&mut self, session: &str, bound: usize) -> u64 {
        let Some(lane) = self.lanes.get(session) else {
            return 0;
        };
        let ids = lane.waiting.iter().map(|message| message.entry.id.clone());
        let ids: Vec<_> = ids.collect();
        for id in &ids {
            self.end(id, InboundState::Discarded, bound);
        }
        ids.len() as u64
    }

    /// False if the message is not there or done already.
    pub(super) fn finish(&mut self, id: &str, bound: usize) -> bool {
        self.end(id, InboundState::Done, bound)
    }

    fn end(&mut self, id: &str, state: InboundState, bound: usize) -> bool {
        let Some(record) = self.records.get_mut(id) else {
            return false;
        };
        if record.committed_ms.is_some() {
            return false;
        }
        record.state = state;
        record.committed_ms = Some(now_ms());
        let session = record.session.clone();
        if let Some(forgotten) = self.finished.add(id.to_owned(), bound) {
            self.records.remove(&forgotten);
        }
        self.remove(&session, id);
        true
    }

    fn remove(&mut self, session: &str, id: &str) {
        let Some(lane) = self.lanes.get_mut(session) else {
            return;
        };
        lane.claimed.take_if(|message| message.entry.id == id);
        let before = lane.waiting.len();
        lane.waiting.retain(|message| message.entry.id != id);
        self.waiting -= before - lane.waiting.len();
        if lane.waiting.is_empty() && lane.claimed.is_none() {
            self.lanes.remove(session);
        }
    }

    pub(super) fn is_busy(&self, session: &str) -> bool {
        self.lanes.contains_key(session)
    }

    pub(super) fn waiting_sessions(&self) -> Vec<String> {
        let waiting = self.lanes.iter().filter(|(_, lane)| !lane.waiting.is_empty());
        waiting.map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn unanswered(&self, limit: usize) -> Vec<InboundRecord> {
        let open = self.records.values().filter(|record| record.committed_ms.is_none());
        let mut open: Vec<_> = open.cloned().collect();
        open.sort_by(|a, b| (a.accepted_ms, &a.id).cmp(&(b.accepted_ms, &b.id)));
        open.truncate(limit);
        open
    }

    pub(super) fn record(&self, id: &str) -> Option<InboundRecord> {
        self.records.get(id).cloned()
    }
}

fn record(entry: &InboundEntry) -> InboundRecord {
    InboundRecord {
        id: entry.id.clone(),
        channel: entry.channel.clone(),
        session: entry.session.clone(),
        state: InboundState::Waiting,
        attempts: 0,
        received_ms: entry.received_ms,
        accepted_ms: now_ms(),
        claimed_ms: None,
        committed_ms: None,
    }
}

fn event_key(channel: &str, event_id: &str) -> String {
    format!("{channel}\u{0}{event_id}")
}
