use nanobot_ledger::{Ledger, MemoryLedger, MemoryLimits, SqliteLedger, SqliteOptions};
use tempfile::TempDir;

/// Makes ledgers of one kind.
pub(crate) struct Engine {
    /// Set if the engine keeps files.
    directory: Option<TempDir>,
}

pub(crate) async fn memory() -> Engine {
    Engine { directory: None }
}

pub(crate) async fn sqlite() -> Engine {
    let directory = tempfile::tempdir().expect("a directory for the test");
    Engine { directory: Some(directory) }
}

impl Engine {
    pub(crate) async fn open(&self) -> Box<dyn Ledger> {
        self.open_with(1_000, 10_000).await
    }

    /// With bounds on what waits, in a session and in all.
    pub(crate) async fn open_with(
        &self,
        waiting_per_session: usize,
        waiting: usize,
    ) -> Box<dyn Ledger> {
        let Some(directory) = &self.directory else {
            return Box::new(MemoryLedger::new(MemoryLimits {
                waiting_per_session,
                waiting,
                ..MemoryLimits::default()
            }));
        };
        let options = SqliteOptions {
            waiting_per_session,
            waiting,
            ..SqliteOptions::new(directory.path().join("ledger.sqlite"))
        };
        let ledger = SqliteLedger::open(options).await;
        Box::new(ledger.expect("the ledger opens"))
    }
}
