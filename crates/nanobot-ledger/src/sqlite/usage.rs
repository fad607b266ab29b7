use rusqlite::{OptionalExtension, Row, params};

use super::store::{Failure, Unit, bounded};
use crate::{SessionUsage, TurnUsage, UsageQuery, UsageRow, UsageTotal};

/// Days, channels and models that are told apart in one answer.
const MAX_ROWS: usize = 10_000;
/// What a total is made of; see [`total`].
const SUMS: &str = "count(*), ifnull(sum(input_tokens), 0), ifnull(sum(cached_tokens), 0),
                    ifnull(sum(output_tokens), 0), ifnull(sum(took_ms), 0)";

pub(super) fn add(unit: &Unit<'_>, session: &str, usage: &TurnUsage) -> rusqlite::Result<()> {
    let sql = "INSERT INTO usage (session, channel, model, ended_ms, input_tokens, cached_tokens,
               output_tokens, took_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    unit.prepare(sql)?.execute(params![
        session,
        usage.channel,
        usage.model,
        unit.now_ms,
        bounded(usage.input_tokens),
        bounded(usage.cached_tokens),
        bounded(usage.output_tokens),
        bounded(usage.took_ms),
    ])?;
    Ok(())
}

pub(super) fn list(unit: &Unit<'_>, query: UsageQuery) -> Result<Vec<UsageRow>, Failure> {
    // Times before 1970 are not stored, so the division rounds down also with an offset.
    let sql = format!(
        "SELECT (ended_ms + ?2) / 86400000 AS day, channel, model, {SUMS} FROM usage
         WHERE ended_ms >= ?1 GROUP BY day, channel, model
         ORDER BY day DESC, channel, model LIMIT ?3"
    );
    let mut statement = unit.connection.prepare(&sql)?;
    let rows = statement.query_map(
        params![bounded(query.from_ms), query.utc_offset_ms, bounded(MAX_ROWS)],
        |row| {
            Ok(UsageRow {
                day_ms: query.day_ms(row.get(0)?),
                channel: row.get(1)?,
                model: row.get(2)?,
                total: total(row, 3)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn of_session(unit: &Unit<'_>, session: &str) -> Result<SessionUsage, Failure> {
    let sql = "SELECT channel, model, input_tokens, cached_tokens, output_tokens, took_ms
               FROM usage WHERE session = ?1 ORDER BY seq DESC LIMIT 1";
    let last = unit.prepare(sql)?.query_row([session], |row| {
        Ok(TurnUsage {
            channel: row.get(0)?,
            model: row.get(1)?,
            input_tokens: row.get(2)?,
            cached_tokens: row.get(3)?,
            output_tokens: row.get(4)?,
            took_ms: row.get(5)?,
        })
    });
    let sql = format!("SELECT {SUMS} FROM usage WHERE session = ?1");
    let total = unit.prepare(&sql)?.query_row([session], |row| total(row, 0))?;
    Ok(SessionUsage { last: last.optional()?, total })
}

fn total(row: &Row<'_>, first: usize) -> rusqlite::Result<UsageTotal> {
    Ok(UsageTotal {
        turns: row.get(first)?,
        input_tokens: row.get(first + 1)?,
        cached_tokens: row.get(first + 2)?,
        output_tokens: row.get(first + 3)?,
        took_ms: row.get(first + 4)?,
    })
}
