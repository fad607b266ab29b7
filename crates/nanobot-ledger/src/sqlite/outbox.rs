use nanobot_channel::OutboundMessage;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{OptionalExtension, Row, params};

use super::store::{Failure, Unit, bounded};
use crate::{
    DeliveryFilter, DeliveryRecord, DeliveryState, FailedTry, OutboundEntry, POSSIBLE_DUPLICATE,
    Settlement, WaitingDelivery,
};

/// What a record is made of; see [`record`].
const COLUMNS: &str = "seq, delivery_id, inbound_id, channel, chat_id, state, is_unknown, attempts,
                       message, reason, receipt, created_ms, begun_ms, settled_ms";

pub(super) fn to_json(entries: &[OutboundEntry]) -> serde_json::Result<Vec<String>> {
    let messages = entries.iter().map(|entry| &entry.message);
    messages.map(serde_json::to_string).collect()
}

/// Adds a delivery, unless there is one with this id.
pub(super) fn add(
    unit: &Unit<'_>,
    entry: &OutboundEntry,
    json: &str,
    inbound_id: Option<&str>,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO outbox (delivery_id, inbound_id, channel, chat_id, created_ms, message)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (delivery_id) DO NOTHING";
    let message = &entry.message;
    unit.prepare(sql)?
        .execute(params![
            message.delivery_id,
            inbound_id,
            entry.channel,
            message.chat_id,
            unit.now_ms,
            json
        ])
        .map(drop)
}

pub(super) fn begin(unit: &Unit<'_>, id: &str) -> Result<bool, Failure> {
    let sql = "UPDATE outbox SET state = 'under_way', attempts = attempts + 1, begun_ms = ?2
               WHERE delivery_id = ?1 AND state IN ('waiting', 'under_way')";
    let changed = unit.prepare(sql)?.execute(params![id, unit.now_ms])?;
    Ok(changed > 0)
}

pub(super) fn fail_try(unit: &Unit<'_>, id: &str, failed: &FailedTry) -> Result<(), Failure> {
    let sql = "UPDATE outbox SET state = 'waiting', is_unknown = is_unknown OR ?2, reason = ?3
               WHERE delivery_id = ?1 AND state = 'under_way'";
    unit.prepare(sql)?.execute(params![id, failed.is_unknown, failed.reason])?;
    Ok(())
}

pub(super) fn hold(unit: &Unit<'_>, id: &str, reason: &str) -> Result<(), Failure> {
    let sql = "UPDATE outbox SET state = 'held', reason = ?2
               WHERE delivery_id = ?1 AND state IN ('waiting', 'under_way')";
    unit.prepare(sql)?.execute([id, reason])?;
    Ok(())
}

pub(super) fn settle(unit: &Unit<'_>, id: &str, outcome: &Settlement) -> Result<(), Failure> {
    match outcome {
        Settlement::Delivered(receipt) => {
            // The platform's word stands, whatever was decided meanwhile.
            let sql = "UPDATE outbox SET state = 'delivered', receipt = ?2, settled_ms = ?3,
                       message = '' WHERE delivery_id = ?1 AND state <> 'delivered'";
            let receipt = serde_json::to_string(receipt)?;
            unit.prepare(sql)?.execute(params![id, receipt, unit.now_ms])?;
        }
        Settlement::Dead { reason } => {
            let sql = "UPDATE outbox SET state = 'dead', reason = ?2, settled_ms = ?3
                       WHERE delivery_id = ?1 AND state IN ('waiting', 'under_way')";
            unit.prepare(sql)?.execute(params![id, reason, unit.now_ms])?;
        }
    }
    Ok(())
}

pub(super) fn give_up(unit: &Unit<'_>, id: &str) -> Result<bool, Failure> {
    let sql = "UPDATE outbox SET state = 'dropped', settled_ms = ?2, message = ''
               WHERE delivery_id = ?1 AND state NOT IN ('delivered', 'dropped')";
    let changed = unit.prepare(sql)?.execute(params![id, unit.now_ms])?;
    Ok(changed > 0)
}

pub(super) fn retry(unit: &Unit<'_>, id: &str) -> Result<Option<OutboundEntry>, Failure> {
    let sql = "UPDATE outbox SET state = 'waiting', settled_ms = NULL
               WHERE delivery_id = ?1 AND state IN ('held', 'dead')
               RETURNING channel, message, attempts, is_unknown";
    let mut statement = unit.prepare(sql)?;
    let found = statement.query_row([id], |row| Ok(waiting_in(row)));
    let Some(WaitingDelivery { mut entry, is_unknown }) = found.optional()?.transpose()? else {
        return Ok(None);
    };
    if is_unknown {
        entry.message.metadata.insert(POSSIBLE_DUPLICATE.to_owned(), true.into());
        let json = serde_json::to_string(&entry.message)?;
        let sql = "UPDATE outbox SET is_unknown = 0, message = ?2 WHERE delivery_id = ?1";
        unit.prepare(sql)?.execute([id, &json])?;
    }
    Ok(Some(entry))
}

pub(super) fn waiting(unit: &Unit<'_>) -> Result<Vec<WaitingDelivery>, Failure> {
    let sql = "SELECT channel, message, attempts, is_unknown FROM outbox
               WHERE state IN ('waiting', 'under_way') ORDER BY seq";
    let mut statement = unit.prepare(sql)?;
    statement.query_and_then([], waiting_in)?.collect::<Result<_, _>>()
}

fn waiting_in(row: &Row<'_>) -> Result<WaitingDelivery, Failure> {
    let mut message: OutboundMessage = serde_json::from_str(row.get_ref(1)?.as_str()?)?;
    message.attempt = row.get::<_, u32>(2)?.saturating_add(1);
    Ok(WaitingDelivery {
        entry: OutboundEntry { channel: row.get(0)?, message },
        is_unknown: row.get(3)?,
    })
}

pub(super) fn list(
    unit: &Unit<'_>,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliveryRecord>, Failure> {
    // The states are written out, so that the small indexes of what is not done can be used.
    let states: Vec<String> = filter.states.iter().map(|it| format!("'{}'", it.as_str())).collect();
    let condition = match states.as_slice() {
        [] => "TRUE".to_owned(),
        some => format!("state IN ({})", some.join(", ")),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox WHERE seq < ?1 AND {condition} ORDER BY seq DESC LIMIT ?2"
    );
    let before = filter.before.map_or(i64::MAX, bounded);
    let mut statement = unit.connection.prepare(&sql)?;
    statement.query_and_then([before, bounded(filter.limit)], record)?.collect()
}

pub(super) fn find(unit: &Unit<'_>, id: &str) -> Result<Option<DeliveryRecord>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE delivery_id = ?1");
    let mut statement = unit.connection.prepare(&sql)?;
    let mut found = statement.query_and_then([id], record)?;
    found.next().transpose()
}

pub(super) fn answers_to(
    unit: &Unit<'_>,
    inbound_id: &str,
) -> Result<Vec<DeliveryRecord>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE inbound_id = ?1 ORDER BY seq");
    let mut statement = unit.connection.prepare(&sql)?;
    statement.query_and_then([inbound_id], record)?.collect()
}

fn record(row: &Row<'_>) -> Result<DeliveryRecord, Failure> {
    let receipt: Option<String> = row.get(10)?;
    Ok(DeliveryRecord {
        position: row.get(0)?,
        delivery_id: row.get(1)?,
        inbound_id: row.get(2)?,
        channel: row.get(3)?,
        chat_id: row.get(4)?,
        state: row.get(5)?,
        is_unknown: row.get(6)?,
        attempts: row.get(7)?,
        text: text_in(row.get_ref(8)?.as_str()?)?,
        reason: row.get(9)?,
        receipt: receipt.map(|json| serde_json::from_str(&json)).transpose()?,
        created_ms: row.get(11)?,
        begun_ms: row.get(12)?,
        settled_ms: row.get(13)?,
    })
}

/// The text of a message; none is left once it was delivered or dropped.
fn text_in(json: &str) -> serde_json::Result<String> {
    if json.is_empty() {
        return Ok(String::new());
    }
    serde_json::from_str::<OutboundMessage>(json).map(|message| message.text)
}

impl FromSql for DeliveryState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}
