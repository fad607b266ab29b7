mod event_ids;
mod inbox;
mod outbox;
mod sessions;
mod usage;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{
    Accepted, Claim, DeliveryFilter, DeliveryRecord, FailedTry, HistoryPage, InboundEntry,
    InboundRecord, Ledger, LedgerError, OutboundEntry, SessionFile, SessionInfo, SessionPage,
    SessionUsage, Settlement, Trace, TurnCommit, UsageQuery, UsageRow, WaitingDelivery,
};
use inbox::Inbox;
use outbox::Outbox;
use sessions::Sessions;
use usage::Usage;

/// An engine that keeps everything in memory and nothing after the process ends.
#[derive(Debug, Default)]
pub struct MemoryLedger {
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
    /// Messages and deliveries that are remembered after their end.
    pub finished: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            waiting_per_session: 1_000,
            waiting: 10_000,
            event_ids: 100_000,
            history_per_session: 2_000,
            sessions: 10_000,
            finished: 1_000,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    limits: MemoryLimits,
    inbox: Inbox,
    outbox: Outbox,
    sessions: Sessions,
    usage: Usage,
    is_closed: bool,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new(limits: MemoryLimits) -> Self {
        let state = State { limits, ..State::default() };
        Self { state: Mutex::new(state) }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, LedgerError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return Err(LedgerError::new("the ledger is closed"));
        }
        Ok(state)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn accept(&self, entry: InboundEntry) -> Result<Accepted, LedgerError> {
        let mut state = self.state()?;
        let limits = state.limits;
        Ok(state.inbox.accept(entry, &limits))
    }

    async fn claim(&self, session: &str) -> Result<Option<Claim>, LedgerError> {
        let mut state = self.state()?;
        let Some(claimed) = state.inbox.claim(session) else {
            return Ok(None);
        };
        let history = state.sessions.newest(session);
        Ok(Some(Claim { history, ..claimed }))
    }

    async fn waiting_in(
        &self,
        session: &str,
        limit: usize,
    ) -> Result<Vec<InboundEntry>, LedgerError> {
        Ok(self.state()?.inbox.waiting_in(session, limit))
    }

    async fn checkpoint(&self, inbound_id: &str, json: String) -> Result<(), LedgerError> {
        self.state()?.inbox.checkpoint(inbound_id, json);
        Ok(())
    }

    async fn commit_turn(&self, turn: TurnCommit) -> Result<(), LedgerError> {
        let mut state = self.state()?;
        let limits = state.limits;
        let answers = !turn.inbound_id.is_empty();
        if answers && !state.inbox.finish(&turn.inbound_id, limits.finished) {
            return Ok(());
        }
        for id in &turn.joined {
            state.inbox.finish(id, limits.finished);
        }
        let State { inbox, sessions, .. } = &mut *state;
        let is_busy = |session: &str| inbox.is_busy(session);
        // What the gateway says by itself begins no session.
        if !turn.history.is_empty() {
            sessions.append(&turn.session, turn.history, &limits, is_busy);
        }
        if let Some(used) = turn.usage {
            state.usage.add(&turn.session, used, limits.finished);
        }
        let inbound_id = answers.then_some(turn.inbound_id);
        for entry in turn.outbound {
            state.outbox.add(entry, inbound_id.clone());
        }
        Ok(())
    }

    async fn release(&self, session: &str) -> Result<(), LedgerError> {
        self.state()?.inbox.release(session);
        Ok(())
    }

    async fn discard_waiting(&self, session: &str) -> Result<u64, LedgerError> {
        let mut state = self.state()?;
        let bound = state.limits.finished;
        Ok(state.inbox.discard_waiting(session, bound))
    }

    async fn begin_delivery(&self, delivery_id: &str) -> Result<bool, LedgerError> {
        Ok(self.state()?.outbox.begin(delivery_id))
    }

    async fn fail_try(&self, delivery_id: &str, failed: FailedTry) -> Result<(), LedgerError> {
        self.state()?.outbox.fail_try(delivery_id, failed);
        Ok(())
    }

    async fn hold_delivery(&self, delivery_id: &str, reason: &str) -> Result<(), LedgerError> {
        self.state()?.outbox.hold(delivery_id, reason);
        Ok(())
    }

    async fn settle(&self, delivery_id: &str, outcome: Settlement) -> Result<(), LedgerError> {
        let mut state = self.state()?;
        let bound = state.limits.finished;
        state.outbox.settle(delivery_id, outcome, bound);
        Ok(())
    }

    async fn waiting_sessions(&self) -> Result<Vec<String>, LedgerError> {
        Ok(self.state()?.inbox.waiting_sessions())
    }

    async fn waiting_deliveries(&self) -> Result<Vec<WaitingDelivery>, LedgerError> {
        Ok(self.state()?.outbox.waiting())
    }

    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRecord>, LedgerError> {
        Ok(self.state()?.outbox.list(&filter))
    }

    async fn retry_delivery(
        &self,
        delivery_id: &str,
    ) -> Result<Option<OutboundEntry>, LedgerError> {
        Ok(self.state()?.outbox.retry(delivery_id))
    }

    async fn drop_delivery(&self, delivery_id: &str) -> Result<bool, LedgerError> {
        let mut state = self.state()?;
        let bound = state.limits.finished;
        Ok(state.outbox.give_up(delivery_id, bound))
    }

    async fn unanswered(&self, limit: usize) -> Result<Vec<InboundRecord>, LedgerError> {
        Ok(self.state()?.inbox.unanswered(limit))
    }

    async fn trace(&self, id: &str) -> Result<Option<Trace>, LedgerError> {
        let state = self.state()?;
        let asked = state.outbox.record(id);
        let inbound_id = match &asked {
            Some(record) => record.inbound_id.as_deref(),
            None => Some(id),
        };
        let inbound = inbound_id.and_then(|id| state.inbox.record(id));
        let deliveries = match inbound_id {
            Some(id) => state.outbox.answers_to(id),
            None => asked.into_iter().collect(),
        };
        let is_known = inbound.is_some() || !deliveries.is_empty();
        Ok(is_known.then_some(Trace { inbound, deliveries }))
    }

    async fn usage(&self, query: UsageQuery) -> Result<Vec<UsageRow>, LedgerError> {
        Ok(self.state()?.usage.list(query))
    }

    async fn session_usage(&self, session: &str) -> Result<SessionUsage, LedgerError> {
        Ok(self.state()?.usage.of_session(session))
    }

    async fn sessions(&self, page: SessionPage) -> Result<Vec<SessionInfo>, LedgerError> {
        Ok(self.state()?.sessions.list(&page))
    }

    async fn session(&self, key: &str) -> Result<Option<SessionInfo>, LedgerError> {
        Ok(self.state()?.sessions.info(key))
    }

    async fn session_history(
        &self,
        key: &str,
        page: HistoryPage,
    ) -> Result<Vec<String>, LedgerError> {
        Ok(self.state()?.sessions.history(key, page))
    }

    async fn import_session(&self, session: SessionFile) -> Result<bool, LedgerError> {
        let mut state = self.state()?;
        let limits = state.limits;
        let State { inbox, sessions, .. } = &mut *state;
        Ok(sessions.import(session, &limits, |session| inbox.is_busy(session)))
    }

    async fn delete_session(&self, key: &str) -> Result<bool, LedgerError> {
        Ok(self.state()?.sessions.delete(key))
    }

    async fn close(&self) -> Result<(), LedgerError> {
        self.state()?.is_closed = true;
        Ok(())
    }
}

/// Remembers the order in which things ended, and says which one is to be forgotten.
#[derive(Debug, Default)]
struct Finished(std::collections::VecDeque<String>);

impl Finished {
    fn add(&mut self, id: String, bound: usize) -> Option<String> {
        self.0.push_back(id);
        (self.0.len() > bound).then(|| self.0.pop_front()).flatten()
    }
}
