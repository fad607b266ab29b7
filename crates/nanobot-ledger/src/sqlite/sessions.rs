use rusqlite::{OptionalExtension, Row, params};
use serde_json::Map;

use super::store::{Failure, Unit, bounded};
use crate::{HistoryPage, SessionFile, SessionInfo, SessionPage};

/// What an info is made of; see [`info_in`].
const COLUMNS: &str = "key, entries, created_ms, used_ms, metadata";

/// Adds to the history of a session, which begins with that if it is new.
pub(super) fn append(unit: &Unit<'_>, key: &str, entries: &[String]) -> Result<(), Failure> {
    let sql = "INSERT INTO sessions (key, entries, created_ms, used_ms) VALUES (?1, ?2, ?3, ?3)
               ON CONFLICT (key) DO UPDATE
               SET entries = entries + excluded.entries, used_ms = excluded.used_ms
               RETURNING id, entries";
    let (id, total): (i64, usize) =
        unit.prepare(sql)?.query_row(params![key, entries.len(), unit.now_ms], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let first = total.saturating_sub(entries.len());
    let sql = "INSERT INTO history (session, number, entry) VALUES (?1, ?2, ?3)";
    let mut statement = unit.prepare(sql)?;
    for (number, entry) in (first..).zip(entries) {
        statement.execute(params![id, number, entry])?;
    }
    Ok(())
}

/// The newest entries within the bounds, oldest first. The newest of all is always among them.
pub(super) fn newest(unit: &Unit<'_>, key: &str) -> Result<Vec<String>, Failure> {
    let sql = "SELECT entry FROM history
               WHERE session = (SELECT id FROM sessions WHERE key = ?1)
               ORDER BY number DESC LIMIT ?2";
    let mut statement = unit.prepare(sql)?;
    let mut rows = statement.query(params![key, bounded(unit.options.history_entries)])?;
    let mut entries: Vec<String> = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let entry: String = row.get(0)?;
        bytes += entry.len();
        if bytes > unit.options.history_bytes && !entries.is_empty() {
            break;
        }
        entries.push(entry);
    }
    entries.reverse();
    Ok(entries)
}

pub(super) fn list(unit: &Unit<'_>, page: &SessionPage) -> Result<Vec<SessionInfo>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE key > ?1 ORDER BY key LIMIT ?2");
    let after = page.after.as_deref().unwrap_or_default();
    let mut statement = unit.connection.prepare(&sql)?;
    statement.query_and_then(params![after, bounded(page.limit)], info_in)?.collect()
}

pub(super) fn info(unit: &Unit<'_>, key: &str) -> Result<Option<SessionInfo>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE key = ?1");
    let mut statement = unit.connection.prepare(&sql)?;
    let mut found = statement.query_and_then([key], info_in)?;
    found.next().transpose()
}

fn info_in(row: &Row<'_>) -> Result<SessionInfo, Failure> {
    let metadata: Option<String> = row.get(4)?;
    Ok(SessionInfo {
        key: row.get(0)?,
        entries: row.get(1)?,
        created_ms: row.get(2)?,
        used_ms: row.get(3)?,
        metadata: match metadata {
            Some(json) => serde_json::from_str(&json)?,
            None => Map::new(),
        },
    })
}

pub(super) fn history(
    unit: &Unit<'_>,
    key: &str,
    page: HistoryPage,
) -> Result<Vec<String>, Failure> {
    let sql = "SELECT entry FROM history
               WHERE session = (SELECT id FROM sessions WHERE key = ?1) AND number >= ?2
               ORDER BY number LIMIT ?3";
    let mut statement = unit.prepare(sql)?;
    let entries = statement
        .query_map(params![key, bounded(page.from), bounded(page.limit)], |row| row.get(0))?;
    Ok(entries.collect::<Result<_, _>>()?)
}

pub(super) fn import(unit: &Unit<'_>, file: &SessionFile) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM sessions WHERE key = ?1";
    if unit.prepare(sql)?.exists([&file.key])? {
        return Ok(false);
    }
    append(unit, &file.key, &file.entries)?;
    if !file.metadata.is_empty() {
        let json = serde_json::to_string(&file.metadata)?;
        unit.prepare("UPDATE sessions SET metadata = ?2 WHERE key = ?1")?
            .execute([&file.key, &json])?;
    }
    Ok(true)
}

/// Its history goes with it.
pub(super) fn delete(unit: &Unit<'_>, key: &str) -> Result<bool, Failure> {
    let sql = "DELETE FROM sessions WHERE key = ?1 RETURNING 1";
    let deleted: Option<i64> = unit.prepare(sql)?.query_row([key], |row| row.get(0)).optional()?;
    Ok(deleted.is_some())
}
