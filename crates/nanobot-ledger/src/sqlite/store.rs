use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rusqlite::{CachedStatement, Connection, ErrorCode};

use super::backlog::Backlog;
use super::open_error::OpenError;
use super::options::SqliteOptions;
use super::queue::Kind;
use super::{machine, open};
use crate::now_ms;

pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Pages in the write-ahead log from which on it is copied into the file: 8 MiB.
const LONG_LOG: i32 = 2_048;

/// The open file, and transactions on it.
pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) backlog: Backlog,
    pub(super) options: SqliteOptions,
    log_pages: Arc<AtomicI32>,
    syncs: bool,
    /// Something was written that no sync has followed yet.
    is_unsynced: bool,
    /// The disk failed in the middle of a write: the log may lack what the system said it had.
    is_doubtful: bool,
}

/// What a command may use within its transaction.
pub(super) struct Unit<'a> {
    pub(super) connection: &'a Connection,
    pub(super) backlog: &'a mut Backlog,
    pub(super) options: &'a SqliteOptions,
    pub(super) now_ms: u64,
    /// False when writing has failed and the command does without.
    pub(super) can_write: bool,
}

impl Unit<'_> {
    pub(super) fn prepare(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql)
    }
}

/// A number as SQLite takes it; what is larger means "without end".
pub(super) fn bounded(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

impl Store {
    pub(super) fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let mut connection = open::open(&options.path)?;
        let failed = |error| OpenError::from_sqlite(&options.path, error);
        let backlog = Backlog::read(&connection).map_err(failed)?;
        let log_pages = Arc::new(AtomicI32::new(0));
        let counter = Arc::clone(&log_pages);
        let count = move |_: &mut _, pages| {
            counter.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(count)).map_err(failed)?;
        Ok(Self {
            connection,
            backlog,
            options,
            log_pages,
            syncs: true,
            is_unsynced: true,
            is_doubtful: false,
        })
    }

    /// Runs `work` as one transaction that is on the disk, as far as `kind` asks for it, when this
    /// returns.
    pub(super) fn transaction(
        &mut self,
        kind: Kind,
        work: impl FnOnce(&mut Unit<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let done = self.try_transaction(kind, work);
        match &done {
            Ok(()) => self.backlog.keep(),
            Err(failure) => self.roll_back(failure),
        }
        done
    }

    /// Runs `work` where nothing can be written.
    pub(super) fn without_writing(
        &mut self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut unit = self.unit();
        unit.can_write = false;
        let done = work(&mut unit);
        self.backlog.keep();
        done
    }

    fn try_transaction(
        &mut self,
        kind: Kind,
        work: impl FnOnce(&mut Unit<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if kind == Kind::Read {
            return work(&mut self.unit());
        }
        if self.is_doubtful {
            self.merge_log("TRUNCATE")?;
        }
        self.set_syncs(kind == Kind::Synced)?;
        let changes = self.connection.total_changes();
        self.run("BEGIN IMMEDIATE")?;
        work(&mut self.unit())?;
        self.run("COMMIT")?;
        // A transaction that changed nothing syncs nothing.
        if self.connection.total_changes() != changes {
            self.is_unsynced = !self.syncs;
        }
        Ok(())
    }

    fn unit(&mut self) -> Unit<'_> {
        Unit {
            connection: &self.connection,
            backlog: &mut self.backlog,
            options: &self.options,
            now_ms: now_ms(),
            can_write: true,
        }
    }

    fn roll_back(&mut self, failure: &Failure) {
        self.backlog.undo();
        // Some failures have rolled back already.
        if !self.connection.is_autocommit()
            && let Err(error) = self.run("ROLLBACK")
        {
            tracing::error!(%error, "Could not roll back a transaction of the ledger.");
        }
        let code =
            failure.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
        // After a failed sync the system may take lost pages for written ones, so that a later sync
        // succeeds without them. What the log held is then written once more, into the file itself.
        self.is_doubtful |= code == Some(ErrorCode::SystemIoFailure);
    }

    /// In a write-ahead log a sync covers everything written before it, so a transaction that need
    /// not wait for the disk costs none and is safe with the next one that does.
    fn set_syncs(&mut self, syncs: bool) -> rusqlite::Result<()> {
        if self.syncs != syncs {
            self.connection.execute_batch(if syncs {
                "PRAGMA synchronous = FULL"
            } else {
                "PRAGMA synchronous = NORMAL"
            })?;
            self.syncs = syncs;
        }
        Ok(())
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    pub(super) fn has_unsynced(&self) -> bool {
        self.is_unsynced
    }

    /// Copies the log into the file if it has become long. Called between two batches, so that
    /// nobody's answer waits for it.
    pub(super) fn shorten_log(&mut self) {
        if self.log_pages.load(Ordering::Relaxed) >= LONG_LOG {
            self.settle_log();
        }
    }

    /// Syncs the log and copies it into the file.
    pub(super) fn settle_log(&mut self) {
        if let Err(error) = self.merge_log("PASSIVE") {
            tracing::warn!(%error, "Could not copy the ledger's log into its file.");
        }
        // Tried once for each write: a disk that is full will not hear of it again and again.
        self.is_unsynced = false;
    }

    fn merge_log(&mut self, mode: &str) -> rusqlite::Result<()> {
        self.connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))?;
        self.log_pages.store(0, Ordering::Relaxed);
        self.is_doubtful = false;
        Ok(())
    }

    /// Brings everything into the file and lets go of it.
    pub(super) fn close(mut self) -> Result<(), Failure> {
        self.set_syncs(true)?;
        // First the log, then the word that it is there.
        self.merge_log("PASSIVE")?;
        machine::hand_over(&self.connection)?;
        self.merge_log("TRUNCATE")?;
        self.connection.close().map_err(|(_, error)| error.into())
    }
}
