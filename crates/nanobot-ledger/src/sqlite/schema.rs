//! The schema, and how files of earlier versions come to it.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::open_error::OpenError;

/// Marks a database file as a ledger ("nbot").
const APPLICATION_ID: u32 = 0x6e62_6f74;

/// Migration `n` (from 1) leads from version `n - 1` to `n`. Never change one that was released.
const MIGRATIONS: &[&str] = &[include_str!("migrations/1.sql"), include_str!("migrations/2.sql")];

pub(super) const NEWEST: u32 = MIGRATIONS.len() as u32;

/// What a file is.
pub(super) struct Found {
    pub(super) version: u32,
    is_empty: bool,
}

/// Makes sure that the file is a ledger, and of a version that is known.
pub(super) fn find(connection: &Connection, path: &Path) -> Result<Found, OpenError> {
    let failed = |error| OpenError::from_sqlite(path, error);
    let application: u32 = pragma(connection, "application_id").map_err(failed)?;
    let found: u32 = pragma(connection, "user_version").map_err(failed)?;
    let is_empty = is_empty(connection).map_err(failed)?;
    if application != APPLICATION_ID && !is_empty {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    if found > NEWEST {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: NEWEST });
    }
    Ok(Found { version: found, is_empty })
}

/// Brings the file to the newest version, all steps at once.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let Found { version, is_empty } = find(connection, path)?;
    if is_empty || version < NEWEST {
        let failed = |error| OpenError::from_sqlite(path, error);
        apply(connection, version).map_err(failed)?;
    }
    Ok(())
}

fn apply(connection: &mut Connection, found: u32) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in &MIGRATIONS[found as usize..] {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", NEWEST)?;
    tx.commit()
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)";
    connection.query_row(sql, [], |row| row.get(0))
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
