use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::queue::{Command, Errand, Kind};
use super::retention::Sweep;
use super::store::Store;
use crate::LedgerError;

/// Commands that share one transaction at most. Bounds how long the first waits for the last.
const BATCH: usize = 512;

/// Quiet time after which what was written without a sync is synced.
const SYNC_AFTER: Duration = Duration::from_secs(1);

/// The thread that owns the file.
pub(super) struct Writer {
    store: Store,
    errands: Receiver<Errand>,
    sweep: Sweep,
    /// Who asked to close, if someone did.
    closing: Option<oneshot::Sender<Result<(), LedgerError>>>,
}

/// What the thread does next.
enum Next {
    Commit(Vec<Box<dyn Command>>),
    Tidy,
    End,
}

impl Writer {
    pub(super) fn new(store: Store, errands: Receiver<Errand>) -> Self {
        let sweep = Sweep::new(&store.options.retention);
        Self { store, errands, sweep, closing: None }
    }

    /// Works until the ledger is closed or dropped.
    pub(super) fn run(mut self) {
        loop {
            match self.next() {
                Next::Commit(batch) => {
                    commit(&mut self.store, batch);
                    self.store.shorten_log();
                    self.sweep.step_if_due(&mut self.store);
                }
                Next::Tidy => self.tidy(),
                Next::End => return self.end(),
            }
        }
    }

    fn next(&mut self) -> Next {
        if self.closing.is_some() {
            return Next::End;
        }
        match self.errands.recv_timeout(self.patience()) {
            Ok(first) => self.batch(first),
            Err(RecvTimeoutError::Timeout) => Next::Tidy,
            Err(RecvTimeoutError::Disconnected) => Next::End,
        }
    }

    /// Everything that waits now.
    fn batch(&mut self, first: Errand) -> Next {
        let mut batch = Vec::new();
        let mut errand = Some(first);
        while let Some(next) = errand {
            match next {
                Errand::Run(command) => batch.push(command),
                Errand::Close(reply) => self.closing = Some(reply),
            }
            let has_room = batch.len() < BATCH && self.closing.is_none();
            errand = has_room.then(|| self.errands.try_recv().ok()).flatten();
        }
        Next::Commit(batch)
    }

    fn patience(&self) -> Duration {
        if self.store.has_unsynced() {
            SYNC_AFTER.min(self.sweep.pause())
        } else {
            self.sweep.pause()
        }
    }

    fn tidy(&mut self) {
        if self.store.has_unsynced() {
            self.store.settle_log();
        }
        self.sweep.step_if_due(&mut self.store);
    }

    fn end(self) {
        let closed = self.store.close();
        if let Err(error) = &closed {
            tracing::warn!(%error, "Could not close the ledger in order; nothing is lost.");
        }
        if let Some(reply) = self.closing {
            let failed = |error| LedgerError::new("failed to close the ledger").with_source(error);
            // Whoever asked may be gone.
            let _ = reply.send(closed.map_err(failed));
        }
    }
}

/// Runs what waits. Commands that need no sync go first, so that they do not wait for the sync of the
/// others: their callers can go on while the disk works. Nobody can tell the order of commands that
/// waited at the same time.
fn commit(store: &mut Store, batch: Vec<Box<dyn Command>>) {
    let (synced, quick) = batch.into_iter().partition(|it| it.kind() == Kind::Synced);
    commit_together(store, quick);
    commit_together(store, synced);
}

/// Runs the commands as one transaction, and answers when it is on the disk.
///
/// If one fails, all are taken back and run again one by one, each in a transaction of its own: a
/// failure is then the failure of one command, whatever it had written before it failed.
fn commit_together(store: &mut Store, mut batch: Vec<Box<dyn Command>>) {
    let kind = batch.iter().map(|it| it.kind()).max().unwrap_or(Kind::Read);
    let together =
        store.transaction(kind, |unit| batch.iter_mut().try_for_each(|command| command.run(unit)));
    if together.is_err() {
        for command in &mut batch {
            run_alone(store, command.as_mut());
        }
    }
    for command in batch {
        command.answer(&mut store.backlog);
    }
}

fn run_alone(store: &mut Store, command: &mut dyn Command) {
    let mut done = store.transaction(command.kind(), |unit| command.run(unit));
    if done.is_err() && command.kind() == Kind::BestEffort {
        done = store.without_writing(|unit| command.run(unit));
    }
    if let Err(failure) = done {
        command.fail(failure);
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::SqliteOptions;
    use super::super::store::{Failure, Unit};
    use super::*;
    use crate::sqlite::backlog::Backlog;

    /// Adds facts; the last of them may be refused by the schema.
    struct AddFacts {
        facts: &'static [(&'static str, Option<&'static str>)],
        has_failed: bool,
    }

    impl Command for AddFacts {
        fn kind(&self) -> Kind {
            Kind::Synced
        }

        fn run(&mut self, unit: &mut Unit<'_>) -> Result<(), Failure> {
            for (name, value) in self.facts {
                unit.backlog.accept(name);
                unit.prepare("INSERT INTO facts (name, value) VALUES (?1, ?2)")?
                    .execute((name, value))?;
            }
            Ok(())
        }

        fn fail(&mut self, _: Failure) {
            self.has_failed = true;
        }

        fn answer(self: Box<Self>, _: &mut Backlog) {
            assert_eq!(self.has_failed, self.facts.iter().any(|it| it.1.is_none()));
        }
    }

    fn add(facts: &'static [(&'static str, Option<&'static str>)]) -> Box<dyn Command> {
        Box::new(AddFacts { facts, has_failed: false })
    }

    #[test]
    fn a_failing_command_fails_alone_and_leaves_no_trace() {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteOptions::new(directory.path().join("ledger.sqlite"));
        let mut store = Store::open(options).unwrap();
        let batch = vec![
            add(&[("a", Some("1"))]),
            add(&[("b", Some("2")), ("c", None)]),
            add(&[("d", Some("3"))]),
        ];
        commit(&mut store, batch);
        let sql = "SELECT group_concat(name) FROM facts WHERE length(name) = 1";
        let stored: String = store.connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(stored, "a,d");
        let counted = ["a", "b", "c", "d"].map(|it| store.backlog.waiting_in(it));
        assert_eq!(counted, [1, 0, 0, 1]);
    }
}
