use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{
    Accepted, Claim, InboundEntry, Ledger, LedgerError, OutboundEntry, Settlement, TurnCommit,
};

/// An engine that keeps everything in memory and nothing after the process ends.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    limits: MemoryLimits,
    state: Mutex<State>,
}

/// Bounds of a [`MemoryLedger`].
#[derive(Debug, Clone, Copy)]
pub struct MemoryLimits {
    /// Messages of one session that may wait.
    pub waiting_per_session: usize,
    /// Messages of all sessions that may wait.
    pub waiting: usize,
    /// Event ids that are remembered to recognise duplicates.
    pub event_ids: usize,
    /// Entries of history that a session keeps; the oldest go first.
    pub history_per_session: usize,
    /// Sessions that are kept; the one used longest ago goes first.
    pub sessions: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            waiting_per_session: 1_000,
            waiting: 10_000,
            event_ids: 100_000,
            history_per_session: 2_000,
            sessions: 10_000,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<String, Session>,
    waiting: usize,
    events: EventIds,
    outbox: VecDeque<OutboundEntry>,
    clock: u64,
}

#[derive(Debug, Default)]
struct Session {
    waiting: VecDeque<(InboundEntry, u32)>,
    claimed: Option<(InboundEntry, u32)>,
    history: VecDeque<String>,
    used: u64,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new(limits: MemoryLimits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn accept(&self, entry: InboundEntry) -> Result<Accepted, LedgerError> {
        let mut state = self.state();
        let event = entry
            .message
            .event_id
            .as_ref()
            .map(|id| event_key(&entry.channel, id));
        if event
            .as_ref()
            .is_some_and(|event| state.events.contains(event))
        {
            return Ok(Accepted::Duplicate);
        }
        let in_session = state
            .sessions
            .get(&entry.session)
            .map_or(0, |it| it.waiting.len());
        if state.waiting >= self.limits.waiting || in_session >= self.limits.waiting_per_session {
            return Ok(Accepted::Full);
        }
        if let Some(event) = event {
            state.events.insert(event, self.limits.event_ids);
        }
        state.waiting += 1;
        state
            .session(&entry.session, self.limits.sessions)
            .waiting
            .push_back((entry, 1));
        Ok(Accepted::New)
    }

    async fn claim(&self, session: &str) -> Result<Option<Claim>, LedgerError> {
        let mut state = self.state();
        let Some(found) = state.sessions.get_mut(session) else {
            return Ok(None);
        };
        if found.claimed.is_some() {
            return Ok(None);
        }
        let Some((inbound, attempt)) = found.waiting.pop_front() else {
            return Ok(None);
        };
        found.claimed = Some((inbound.clone(), attempt));
        let history = found.history.iter().cloned().collect();
        state.waiting -= 1;
        Ok(Some(Claim {
            inbound,
            history,
            attempt,
        }))
    }

    async fn commit_turn(&self, turn: TurnCommit) -> Result<(), LedgerError> {
        let mut state = self.state();
        state.outbox.extend(turn.outbound);
        let session = state.session(&turn.session, self.limits.sessions);
        session
            .claimed
            .take_if(|(inbound, _)| inbound.id == turn.inbound_id);
        session.history.extend(turn.history);
        let surplus = session
            .history
            .len()
            .saturating_sub(self.limits.history_per_session);
        session.history.drain(..surplus);
        Ok(())
    }

    async fn release(&self, session: &str) -> Result<(), LedgerError> {
        let mut state = self.state();
        let Some(found) = state.sessions.get_mut(session) else {
            return Ok(());
        };
        if let Some((inbound, attempt)) = found.claimed.take() {
            found.waiting.push_front((inbound, attempt + 1));
            state.waiting += 1;
        }
        Ok(())
    }

    async fn settle(&self, delivery_id: &str, _: Settlement) -> Result<(), LedgerError> {
        let mut state = self.state();
        // Deliveries settle roughly in the order they were committed: the match is near the front.
        let found = state
            .outbox
            .iter()
            .position(|it| it.message.delivery_id == delivery_id);
        if let Some(index) = found {
            state.outbox.remove(index);
        }
        Ok(())
    }

    async fn waiting_sessions(&self) -> Result<Vec<String>, LedgerError> {
        let state = self.state();
        let waiting = state
            .sessions
            .iter()
            .filter(|(_, session)| !session.waiting.is_empty());
        Ok(waiting.map(|(key, _)| key.clone()).collect())
    }

    async fn waiting_deliveries(&self) -> Result<Vec<OutboundEntry>, LedgerError> {
        Ok(self.state().outbox.iter().cloned().collect())
    }
}

impl State {
    fn session(&mut self, key: &str, bound: usize) -> &mut Session {
        self.clock += 1;
        if !self.sessions.contains_key(key) && self.sessions.len() >= bound {
            self.forget_oldest();
        }
        let session = self.sessions.entry(key.to_owned()).or_default();
        session.used = self.clock;
        session
    }

    fn forget_oldest(&mut self) {
        let idle = |session: &Session| session.waiting.is_empty() && session.claimed.is_none();
        let oldest = self
            .sessions
            .iter()
            .filter(|(_, it)| idle(it))
            .min_by_key(|(_, it)| it.used);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.sessions.remove(&key);
        }
    }
}

/// The latest event ids, in a set and in order of arrival.
#[derive(Debug, Default)]
struct EventIds {
    known: HashSet<String>,
    order: VecDeque<String>,
}

impl EventIds {
    fn contains(&self, event: &str) -> bool {
        self.known.contains(event)
    }

    fn insert(&mut self, event: String, bound: usize) {
        if self.order.len() >= bound
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(event.clone());
        self.order.push_back(event);
    }
}

fn event_key(channel: &str, event_id: &str) -> String {
    format!("{channel}\u{0}{event_id}")
}
