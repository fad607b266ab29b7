//! Looks at a ledger's file without opening it as a ledger.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::open::{LOCK_WAIT, check_log};
use super::open_error::OpenError;
use super::schema;

/// What was found in a sound file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerFile {
    /// Version that wrote it; a lower one than `newest` is brought there when it is opened.
    pub version: u32,
    /// Version that this program writes.
    pub newest: u32,
}

/// Reads the whole file of a ledger that is not open, and says whether all of it can be read.
/// Nothing in it is changed; no file is made. Blocks for as long as reading it takes, and nobody else
/// can open it meanwhile.
///
/// # Errors
///
/// Fails as opening it would, and if any part of it is damaged.
pub fn inspect(path: &Path) -> Result<LedgerFile, OpenError> {
    check_log(path)?;
    let failed = |error| OpenError::from_sqlite(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(LOCK_WAIT).map_err(failed)?;
    // A gateway that runs has the file for itself; one that starts now finds it in use.
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE;").map_err(failed)?;
    let found = schema::find(&connection, path)?;
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if verdict != "ok" {
        return Err(OpenError::damaged(path, verdict));
    }
    Ok(LedgerFile { version: found.version, newest: schema::NEWEST })
}
