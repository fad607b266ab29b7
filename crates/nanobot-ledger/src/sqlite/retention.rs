//! Forgets what is finished and old, a few rows at a time between two batches.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use super::options::Retention;
use super::queue::Kind;
use super::store::{Failure, Store, Unit, bounded};

/// Rows that are looked at in one step. A step takes about a millisecond.
const ROWS: u64 = 200;
/// Pages that are given back to the file system in one step.
const PAGES: u64 = 256;
/// Free pages that are kept for what comes next: 4 MiB.
const SPARE_PAGES: u64 = 1_024;
/// Pause between two steps of a round.
const BREATH: Duration = Duration::from_millis(10);

/// Goes through the tables, again and again.
pub(super) struct Sweep {
    stage: Stage,
    due: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Looks at the rows of a table after `seq`.
    Rows {
        table: usize,
        seq: i64,
    },
    Vacuum,
    Rest,
}

/// What is pruned: which column tells the age of a row, and which rows may go. Both conditions see
/// the retention's time as `?3` and that of dead deliveries as `?4`.
struct Table {
    name: &'static str,
    age: &'static str,
    is_finished: &'static str,
    is_old: &'static str,
}

const TABLES: [Table; 4] = [
    Table {
        name: "inbox",
        age: "accepted_ms",
        is_finished: "committed_ms IS NOT NULL",
        is_old: "committed_ms < ?3",
    },
    Table {
        name: "outbox",
        age: "created_ms",
        is_finished: "state IN ('delivered', 'dropped', 'dead')",
        is_old: "settled_ms < iif(state = 'dead', ?4, ?3)",
    },
    Table { name: "usage", age: "ended_ms", is_finished: "TRUE", is_old: "ended_ms < ?3" },
    Table { name: "events", age: "seen_ms", is_finished: "TRUE", is_old: "seen_ms < ?3" },
];

impl Sweep {
    pub(super) fn new(retention: &Retention) -> Self {
        Self { stage: Stage::Rest, due: Instant::now() + retention.every }
    }

    /// Time until the next step; none left if it is due.
    pub(super) fn pause(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    pub(super) fn step_if_due(&mut self, store: &mut Store) {
        if !self.pause().is_zero() {
            return;
        }
        self.step(store);
        let is_done = self.stage == Stage::Rest;
        self.due = Instant::now() + if is_done { store.options.retention.every } else { BREATH };
    }

    fn step(&mut self, store: &mut Store) {
        let next = match self.stage {
            Stage::Rest => Ok(Stage::Rows { table: 0, seq: 0 }),
            Stage::Rows { table, seq } => prune(store, table, seq),
            Stage::Vacuum => vacuum(&store.connection),
        };
        self.stage = next.unwrap_or_else(|error| {
            tracing::warn!(%error, "Could not tidy the ledger up.");
            Stage::Rest
        });
    }
}

fn prune(store: &mut Store, index: usize, after: i64) -> Result<Stage, Failure> {
    let table = &TABLES[index];
    let mut end = None;
    store.transaction(Kind::Relaxed, |unit| {
        end = prune_rows(unit, table, after)?;
        Ok(())
    })?;
    Ok(match end {
        Some(seq) => Stage::Rows { table: index, seq },
        None if index + 1 < TABLES.len() => Stage::Rows { table: index + 1, seq: 0 },
        None => Stage::Vacuum,
    })
}

/// Prunes among the next rows. Says where they end, or none if the rest is too young to look at.
fn prune_rows(unit: &Unit<'_>, table: &Table, after: i64) -> rusqlite::Result<Option<i64>> {
    let retention = &unit.options.retention;
    let Table { name, age, is_finished, is_old } = table;
    let kept = if *name == "events" { retention.event_ids } else { retention.finished };
    let (old_ms, dead_ms) = (ago(unit, kept), ago(unit, retention.dead));
    let crowded = first_kept(unit, name)?;
    let sql = format!(
        "SELECT seq, {age} FROM {name} WHERE seq > ?1 ORDER BY seq LIMIT 1 OFFSET {}",
        ROWS - 1
    );
    let last: Option<(i64, u64)> = unit
        .connection
        .query_row(&sql, [after], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let until = last.map_or(i64::MAX, |(seq, _)| seq);
    let sql = format!(
        "DELETE FROM {name} WHERE seq > ?1 AND seq <= ?2
         AND {is_finished} AND ({is_old} OR seq < ?5)"
    );
    unit.connection.execute(&sql, params![after, until, old_ms, dead_ms, crowded])?;
    let is_done = |&(seq, age_ms): &(i64, u64)| age_ms >= old_ms && seq >= crowded;
    Ok(last.filter(|it| !is_done(it)).map(|(seq, _)| seq))
}

/// Rows before this one are finished too early rather than too late: there are too many, or the file
/// is too large.
fn first_kept(unit: &Unit<'_>, table: &str) -> rusqlite::Result<i64> {
    if table != "events" && used_bytes(unit.connection)? > unit.options.retention.file_bytes {
        return Ok(i64::MAX);
    }
    let sql = format!("SELECT ifnull(max(seq), 0) FROM {table}");
    let newest: i64 = unit.connection.query_row(&sql, [], |row| row.get(0))?;
    let rows = bounded(unit.options.retention.rows);
    Ok(newest.saturating_sub(rows).saturating_add(1))
}

fn ago(unit: &Unit<'_>, age: Duration) -> u64 {
    let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    unit.now_ms.saturating_sub(age_ms)
}

fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pages = pragma(connection, "page_count")?.saturating_sub(free_pages(connection)?);
    Ok(pages.saturating_mul(pragma(connection, "page_size")?))
}

fn free_pages(connection: &Connection) -> rusqlite::Result<u64> {
    pragma(connection, "freelist_count")
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Gives free pages back to the file system.
fn vacuum(connection: &Connection) -> Result<Stage, Failure> {
    let spare = free_pages(connection)?.saturating_sub(SPARE_PAGES);
    if spare == 0 {
        return Ok(Stage::Rest);
    }
    connection.execute_batch(&format!("PRAGMA incremental_vacuum({})", spare.min(PAGES)))?;
    Ok(Stage::Vacuum)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::sqlite::options::SqliteOptions;

    const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

    /// A ledger whose rows have their age in days as id; each table with a thousand more that are
    /// recent and not finished.
    fn filled(retention: Retention) -> (TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteOptions {
            retention,
            ..SqliteOptions::new(directory.path().join("ledger.sqlite"))
        };
        let store = Store::open(options).unwrap();
        let now = crate::now_ms();
        let run = |sql: &str| store.connection.execute_batch(sql).unwrap();
        for days in [100, 40, 20, 1] {
            let ms = now - days * DAY_MS;
            run(&format!(
                "INSERT INTO inbox (id, channel, session, received_ms, accepted_ms, committed_ms, message)
                 VALUES ('done {days}', '', '', {ms}, {ms}, {ms}, ''),
                        ('open {days}', '', '', {ms}, {ms}, NULL, '');
                 INSERT INTO outbox (delivery_id, channel, chat_id, state, created_ms, settled_ms, message)
                 VALUES ('delivered {days}', '', '', 'delivered', {ms}, {ms}, ''),
                        ('dead {days}', '', '', 'dead', {ms}, {ms}, ''),
                        ('held {days}', '', '', 'held', {ms}, NULL, ''),
                        ('waiting {days}', '', '', 'waiting', {ms}, NULL, '');
                 INSERT INTO usage (session, channel, model, ended_ms, input_tokens, cached_tokens,
                                    output_tokens, took_ms)
                 VALUES ('used {days}', '', '', {ms}, 1, 0, 1, 1);
                 INSERT INTO events (channel, event_id, seen_ms) VALUES ('', '{days}', {ms});"
            ));
        }
        (directory, store)
    }

    fn swept(store: &mut Store) -> Vec<String> {
        let mut sweep = Sweep::new(&store.options.retention);
        sweep.step(store);
        while sweep.stage != Stage::Rest {
            sweep.step(store);
        }
        let sql = "SELECT id FROM inbox UNION ALL SELECT delivery_id FROM outbox
                   UNION ALL SELECT session FROM usage
                   UNION ALL SELECT 'event ' || event_id FROM events";
        let mut statement = store.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        let mut kept: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
        kept.retain(|it| !["open", "held", "waiting"].iter().any(|open| it.starts_with(open)));
        kept.sort();
        kept
    }

    #[test]
    fn what_is_finished_and_old_is_forgotten_and_nothing_else() {
        let (_directory, mut store) = filled(Retention::default());
        let kept = swept(&mut store);
        let expected = [
            "dead 1",
            "dead 20",
            "dead 40",
            "delivered 1",
            "delivered 20",
            "done 1",
            "done 20",
            "event 1",
            "event 20",
            "used 1",
            "used 20",
        ];
        assert_eq!(kept, expected);
        let sql = "SELECT (SELECT count(*) FROM inbox WHERE committed_ms IS NULL)
                   + (SELECT count(*) FROM outbox WHERE state IN ('held', 'waiting'))";
        let open: u32 = store.connection.query_row(sql, [], |it| it.get(0)).unwrap();
        assert_eq!(open, 12);
    }

    #[test]
    fn what_is_finished_goes_before_its_time_when_there_is_too_much() {
        let (_directory, mut store) = filled(Retention { rows: 2, ..Retention::default() });
        assert_eq!(swept(&mut store), ["done 1", "event 1", "event 20", "used 1", "used 20"]);
        let (_directory, mut store) = filled(Retention { file_bytes: 1, ..Retention::default() });
        assert_eq!(swept(&mut store), ["event 1", "event 20"]);
    }

    #[test]
    fn a_large_table_is_swept_in_steps_and_its_room_given_back() {
        let (_directory, mut store) = filled(Retention::default());
        let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                   INSERT INTO inbox (id, channel, session, received_ms, accepted_ms, committed_ms, message)
                   SELECT 'many ' || i, '', '', 1, 1, 1, hex(zeroblob(1000)) FROM n";
        store.connection.execute_batch(sql).unwrap();
        let before = pragma(&store.connection, "page_count").unwrap();
        let kept = swept(&mut store);
        assert!(!kept.iter().any(|it| it.starts_with("many")));
        let after = pragma(&store.connection, "page_count").unwrap();
        assert!(after < before / 2, "{before} pages, then {after}");
    }
}
