use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::open_error::OpenError;
use super::{machine, schema};

/// How long another process that is just ending is waited for.
pub(super) const LOCK_WAIT: Duration = Duration::from_millis(500);

/// Settings of a file that is new. They must come before the first table, and they write: a file that
/// is there may turn out to be none of ours.
const NEW_FILE: &str = "PRAGMA auto_vacuum = INCREMENTAL;";

/// Settings of each connection. Exclusive: no other process may write, and the index of the
/// write-ahead log lies in memory, not in a third file. Checkpoints are ours, between two batches.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -4096;
    PRAGMA foreign_keys = ON;
";

/// Statements that are kept prepared; more than there are.
const STATEMENTS: usize = 64;

/// Opens the file and holds it exclusively.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    prepare(path)?;
    let failed = |error| OpenError::from_sqlite(path, error);
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    // Asked for before anything is read: the lock cannot be taken on such a file, and the failure to
    // take it says less.
    if connection.is_readonly("main").map_err(failed)? {
        return Err(OpenError::read_only(path));
    }
    set_up(&connection).map_err(failed)?;
    if size(path) == 0 {
        connection.execute_batch(NEW_FILE).map_err(failed)?;
    }
    schema::migrate(&mut connection, path)?;
    connection.execute_batch(SETTINGS).map_err(failed)?;
    machine::take_over(&mut connection).map_err(failed)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(LOCK_WAIT)?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE;")
}

/// SQLite takes an empty file for a new one and removes the log that lies beside it. That log may be
/// all that is left of a ledger, so it is looked for first.
pub(super) fn check_log(path: &Path) -> Result<(), OpenError> {
    if size(path) == 0 && size(&wal_path(path)) > 0 {
        let reason = "the file is missing or empty, but its write-ahead log is there";
        return Err(OpenError::damaged(path, reason));
    }
    Ok(())
}

/// Makes the file if there is none, readable for its owner only.
fn prepare(path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::other(path, error);
    check_log(path)?;
    if path.exists() {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(failed)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
