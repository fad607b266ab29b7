//! Whether the marks that were not synced can be trusted after the last run.
//!
//! Marks such as "under way" are written without waiting for the disk: they survive a crash of the
//! process, not one of the machine. So the file remembers in which run of the machine it was open.
//! If it was not closed in order and the machine was started anew since, or nothing is known of
//! that, then each delivery that waits may have been under way.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

/// Says whether marks may be lost, and takes note that the file is open now.
pub(super) fn take_over(connection: &mut Connection) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let boot = boot_id();
    let was_closed = fact(&tx, "closed")?.is_none_or(|it| it == "yes");
    let same_run = boot.is_some() && fact(&tx, "boot")? == boot;
    let lost = !was_closed && !same_run;
    let doubtful = if lost { "state IN ('waiting', 'under_way')" } else { "state = 'under_way'" };
    tx.execute_batch(&format!(
        "UPDATE outbox SET state = 'waiting', is_unknown = 1
         WHERE state IN ('waiting', 'under_way') AND {doubtful}"
    ))?;
    set_fact(&tx, "closed", "no")?;
    set_fact(&tx, "boot", boot.as_deref().unwrap_or_default())?;
    tx.commit()
}

/// Takes note that everything is on the disk.
pub(super) fn hand_over(connection: &Connection) -> rusqlite::Result<()> {
    set_fact(connection, "closed", "yes")
}

fn fact(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT value FROM facts WHERE name = ?1";
    connection.query_row(sql, [name], |row| row.get(0)).optional()
}

fn set_fact(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO facts (name, value) VALUES (?1, ?2)
               ON CONFLICT DO UPDATE SET value = excluded.value";
    connection.execute(sql, [name, value]).map(drop)
}

/// Differs after each start of the machine; only Linux tells.
fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}
