use std::path::PathBuf;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Place and bounds of a [`SqliteLedger`](crate::SqliteLedger).
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The file; its directory is made if it is missing.
    pub path: PathBuf,
    /// Messages of one session that may wait.
    pub waiting_per_session: usize,
    /// Messages of all sessions that may wait.
    pub waiting: usize,
    /// Newest entries of the history that a claim carries at most.
    pub history_entries: usize,
    /// Newest entries of the history that a claim carries at most, in bytes together.
    pub history_bytes: usize,
    /// What is forgotten when.
    pub retention: Retention,
}

impl SqliteOptions {
    /// The usual bounds.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            waiting_per_session: 1_000,
            waiting: 10_000,
            history_entries: 500,
            history_bytes: 512 * 1024,
            retention: Retention::default(),
        }
    }
}

/// What is forgotten when. Messages that are not answered, deliveries that wait or are held, and
/// the history of sessions are never forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long an answered message, or a delivered or dropped delivery, is remembered.
    pub finished: Duration,
    /// How long a dead delivery is kept.
    pub dead: Duration,
    /// How long an event id is remembered to recognise duplicates.
    pub event_ids: Duration,
    /// How many of the newest messages, deliveries and event ids are looked at; older ones that are
    /// finished go before their time.
    pub rows: u64,
    /// Above this size of the file, finished messages and deliveries go before their time.
    pub file_bytes: u64,
    /// Pause between two rounds of forgetting.
    pub every: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            finished: DAY * 30,
            dead: DAY * 90,
            event_ids: DAY * 30,
            rows: 500_000,
            file_bytes: 1024 * 1024 * 1024,
            every: Duration::from_secs(10 * 60),
        }
    }
}
