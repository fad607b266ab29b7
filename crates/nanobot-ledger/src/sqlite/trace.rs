use rusqlite::{OptionalExtension, Row};

use super::outbox;
use super::store::{Failure, Unit, bounded};
use crate::{InboundRecord, InboundState, Trace};

/// What a record is made of; see [`record`].
const COLUMNS: &str = "id, channel, session, attempts, received_ms, accepted_ms, claimed_ms,
                       committed_ms, is_discarded";

/// The way of the message with this id, or of the one that the delivery with this id answers.
pub(super) fn trace(unit: &Unit<'_>, id: &str) -> Result<Option<Trace>, Failure> {
    let asked = outbox::find(unit, id)?;
    let inbound_id = match &asked {
        Some(record) => record.inbound_id.as_deref(),
        None => Some(id),
    };
    let inbound = inbound_id.map(|id| inbound(unit, id)).transpose()?.flatten();
    let deliveries = match inbound_id {
        Some(id) => outbox::answers_to(unit, id)?,
        None => asked.into_iter().collect(),
    };
    let is_known = inbound.is_some() || !deliveries.is_empty();
    Ok(is_known.then_some(Trace { inbound, deliveries }))
}

/// The messages that are not done, oldest first.
pub(super) fn unanswered(unit: &Unit<'_>, limit: usize) -> Result<Vec<InboundRecord>, Failure> {
    let sql =
        format!("SELECT {COLUMNS} FROM inbox WHERE committed_ms IS NULL ORDER BY seq LIMIT ?1");
    let mut statement = unit.connection.prepare(&sql)?;
    let records = statement.query_map([bounded(limit)], |row| record(unit, row))?;
    Ok(records.collect::<Result<_, _>>()?)
}

fn inbound(unit: &Unit<'_>, id: &str) -> rusqlite::Result<Option<InboundRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM inbox WHERE id = ?1");
    unit.prepare(&sql)?.query_row([id], |row| record(unit, row)).optional()
}

fn record(unit: &Unit<'_>, row: &Row<'_>) -> rusqlite::Result<InboundRecord> {
    let (id, session): (String, String) = (row.get(0)?, row.get(2)?);
    let committed_ms: Option<u64> = row.get(7)?;
    let is_claimed = unit.backlog.claimed(&session) == Some(&id);
    let state = match committed_ms {
        Some(_) if row.get(8)? => InboundState::Discarded,
        Some(_) => InboundState::Done,
        None if is_claimed => InboundState::Claimed,
        None => InboundState::Waiting,
    };
    Ok(InboundRecord {
        id,
        channel: row.get(1)?,
        session,
        state,
        attempts: row.get(3)?,
        received_ms: row.get(4)?,
        accepted_ms: row.get(5)?,
        claimed_ms: row.get(6)?,
        committed_ms,
    })
}
