use std::collections::HashMap;

use rusqlite::Connection;

/// What waits and what is claimed, counted in memory so that bounds are checked without a scan.
///
/// Changes belong to a transaction: they are taken back with it.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    sessions: HashMap<String, Lane>,
    waiting: usize,
    /// Sessions changed by the running transaction, as they were before.
    before: Vec<(String, Lane)>,
}

/// A session with messages that are not done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Lane {
    waiting: usize,
    /// Id of the message that is being answered.
    claimed: Option<String>,
}

impl Backlog {
    /// Counts what the file holds. Nothing is claimed yet.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT session, count(*) FROM inbox WHERE committed_ms IS NULL GROUP BY session";
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut backlog = Self::default();
        for row in rows {
            let (session, waiting) = row?;
            backlog.set(session, Lane { waiting, claimed: None });
        }
        Ok(backlog)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn waiting_in(&self, session: &str) -> usize {
        self.sessions.get(session).map_or(0, |lane| lane.waiting)
    }

    pub(super) fn claimed(&self, session: &str) -> Option<&str> {
        self.sessions.get(session)?.claimed.as_deref()
    }

    pub(super) fn accept(&mut self, session: &str) {
        self.change(session, |lane| lane.waiting += 1);
    }

    pub(super) fn claim(&mut self, session: &str, id: &str) {
        self.change(session, |lane| {
            lane.waiting = lane.waiting.saturating_sub(1);
            lane.claimed = Some(id.to_owned());
        });
    }

    pub(super) fn release(&mut self, session: &str) {
        self.change(session, |lane| {
            if lane.claimed.take().is_some() {
                lane.waiting += 1;
            }
        });
    }

    /// A message is done, whether it was claimed or, after a release, waiting.
    pub(super) fn finish(&mut self, session: &str, id: &str) {
        self.change(session, |lane| {
            if lane.claimed.take_if(|claimed| claimed == id).is_none() {
                lane.waiting = lane.waiting.saturating_sub(1);
            }
        });
    }

    /// What waits in a session is done.
    pub(super) fn discard(&mut self, session: &str) {
        self.change(session, |lane| lane.waiting = 0);
    }

    /// The transaction is committed.
    pub(super) fn keep(&mut self) {
        self.before.clear();
    }

    /// The transaction is rolled back.
    pub(super) fn undo(&mut self) {
        for (session, lane) in std::mem::take(&mut self.before).into_iter().rev() {
            self.set(session, lane);
        }
    }

    fn change(&mut self, session: &str, change: impl FnOnce(&mut Lane)) {
        let before = self.sessions.get(session).cloned().unwrap_or_default();
        let mut lane = before.clone();
        change(&mut lane);
        self.before.push((session.to_owned(), before));
        self.set(session.to_owned(), lane);
    }

    fn set(&mut self, session: String, lane: Lane) {
        self.waiting = self.waiting + lane.waiting - self.waiting_in(&session);
        // An idle session costs nothing.
        if lane == Lane::default() {
            self.sessions.remove(&session);
        } else {
            self.sessions.insert(session, lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rolled_back_was_never_counted() {
        let mut backlog = Backlog::default();
        backlog.accept("a");
        backlog.keep();
        backlog.accept("a");
        backlog.claim("a", "1");
        backlog.accept("b");
        backlog.undo();
        assert_eq!((backlog.waiting(), backlog.waiting_in("a")), (1, 1));
        assert_eq!((backlog.claimed("a"), backlog.waiting_in("b")), (None, 0));
    }

    #[test]
    fn a_session_without_work_takes_no_memory() {
        let mut backlog = Backlog::default();
        backlog.accept("a");
        backlog.claim("a", "1");
        backlog.finish("a", "1");
        assert!(backlog.sessions.is_empty());
    }
}
