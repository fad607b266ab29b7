use rusqlite::{OptionalExtension, Row};

use super::outbox;
use super::store::{Failure, Unit};
use crate::{InboundRecord, InboundState, Trace};

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

fn inbound(unit: &Unit<'_>, id: &str) -> rusqlite::Result<Option<InboundRecord>> {
    let sql = "SELECT id, channel, session, attempts, received_ms, accepted_ms, claimed_ms,
               committed_ms, is_discarded FROM inbox WHERE id = ?1";
    let record = |row: &Row<'_>| {
        let (session, committed_ms): (String, Option<u64>) = (row.get(2)?, row.get(7)?);
        let is_claimed = unit.backlog.claimed(&session) == Some(id);
        let state = match committed_ms {
            Some(_) if row.get(8)? => InboundState::Discarded,
            Some(_) => InboundState::Done,
            None if is_claimed => InboundState::Claimed,
            None => InboundState::Waiting,
        };
        Ok(InboundRecord {
            id: row.get(0)?,
            channel: row.get(1)?,
            session,
            state,
            attempts: row.get(3)?,
            received_ms: row.get(4)?,
            accepted_ms: row.get(5)?,
            claimed_ms: row.get(6)?,
            committed_ms,
        })
    };
    unit.prepare(sql)?.query_row([id], record).optional()
}
