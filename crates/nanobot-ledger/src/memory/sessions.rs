use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use serde_json::{Map, Value};

use super::MemoryLimits;
use crate::{HistoryPage, SessionFile, SessionInfo, SessionPage, now_ms};

#[derive(Debug, Default)]
pub(super) struct Sessions {
    sessions: BTreeMap<String, Session>,
    clock: u64,
}

#[derive(Debug, Default)]
struct Session {
    history: VecDeque<String>,
    metadata: Map<String, Value>,
    created_ms: u64,
    used_ms: u64,
    /// Order of use.
    used: u64,
}

impl Sessions {
    pub(super) fn newest(&self, key: &str) -> Vec<String> {
        let found = self.sessions.get(key);
        found.map_or_else(Vec::new, |it| it.history.iter().cloned().collect())
    }

    /// Adds to a session; forgets the one used longest ago if there are too many, but none that is
    /// busy.
    pub(super) fn append(
        &mut self,
        key: &str,
        entries: Vec<String>,
        limits: &MemoryLimits,
        is_busy: impl Fn(&str) -> bool,
    ) {
        if !self.sessions.contains_key(key) && self.sessions.len() >= limits.sessions {
            self.forget_oldest(is_busy);
        }
        self.clock += 1;
        let now = now_ms();
        let new = || Session { created_ms: now, ..Session::default() };
        let session = self.sessions.entry(key.to_owned()).or_insert_with(new);
        session.used = self.clock;
        session.used_ms = now;
        session.history.extend(entries);
        let surplus = session.history.len().saturating_sub(limits.history_per_session);
        session.history.drain(..surplus);
    }

    fn forget_oldest(&mut self, is_busy: impl Fn(&str) -> bool) {
        let idle = self.sessions.iter().filter(|(key, _)| !is_busy(key));
        let oldest = idle.min_by_key(|(_, session)| session.used);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.sessions.remove(&key);
        }
    }

    pub(super) fn list(&self, page: &SessionPage) -> Vec<SessionInfo> {
        let after = page.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.sessions
            .range::<str, _>((after, Bound::Unbounded))
            .take(page.limit)
            .map(|(key, session)| info(key, session))
            .collect()
    }

    pub(super) fn info(&self, key: &str) -> Option<SessionInfo> {
        self.sessions.get(key).map(|session| info(key, session))
    }

    pub(super) fn history(&self, key: &str, page: HistoryPage) -> Vec<String> {
        let Some(session) = self.sessions.get(key) else {
            return Vec::new();
        };
        let from = usize::try_from(page.from).unwrap_or(usize::MAX);
        let entries = session.history.iter().skip(from).take(page.limit);
        entries.cloned().collect()
    }

    pub(super) fn import(
        &mut self,
        file: SessionFile,
        limits: &MemoryLimits,
        is_busy: impl Fn(&str) -> bool,
    ) -> bool {
        if self.sessions.contains_key(&file.key) {
            return false;
        }
        self.append(&file.key, file.entries, limits, is_busy);
        if let Some(session) = self.sessions.get_mut(&file.key) {
            session.metadata = file.metadata;
        }
        true
    }

    pub(super) fn delete(&mut self, key: &str) -> bool {
        self.sessions.remove(key).is_some()
    }
}

fn info(key: &str, session: &Session) -> SessionInfo {
    SessionInfo {
        key: key.to_owned(),
        entries: session.history.len() as u64,
        created_ms: session.created_ms,
        used_ms: session.used_ms,
        metadata: session.metadata.clone(),
    }
}
