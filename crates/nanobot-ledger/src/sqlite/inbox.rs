use nanobot_channel::InboundMessage;
use rusqlite::{OptionalExtension, Row, params};

use super::backlog::Backlog;
use super::store::{Failure, Unit, bounded};
use super::{outbox, sessions, usage};
use crate::{Accepted, Claim, InboundEntry, TurnCommit};

pub(super) const ACCEPT: &str = "failed to store the message";

pub(super) fn accept(
    unit: &mut Unit<'_>,
    entry: &InboundEntry,
    json: &str,
) -> Result<Accepted, Failure> {
    let event_id = entry.message.event_id.as_deref();
    if is_known(unit, entry, event_id)? {
        return Ok(Accepted::Duplicate);
    }
    let is_full = unit.backlog.waiting() >= unit.options.waiting
        || unit.backlog.waiting_in(&entry.session) >= unit.options.waiting_per_session;
    if is_full {
        return Ok(Accepted::Full);
    }
    if let Some(event_id) = event_id {
        unit.prepare("INSERT INTO events (channel, event_id, seen_ms) VALUES (?1, ?2, ?3)")?
            .execute(params![entry.channel, event_id, unit.now_ms])?;
    }
    let sql = "INSERT INTO inbox (id, channel, session, received_ms, accepted_ms, message)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    unit.prepare(sql)?.execute(params![
        entry.id,
        entry.channel,
        entry.session,
        entry.received_ms,
        unit.now_ms,
        json
    ])?;
    unit.backlog.accept(&entry.session);
    Ok(Accepted::New)
}

fn is_known(
    unit: &Unit<'_>,
    entry: &InboundEntry,
    event_id: Option<&str>,
) -> rusqlite::Result<bool> {
    if let Some(event_id) = event_id {
        let sql = "SELECT 1 FROM events WHERE channel = ?1 AND event_id = ?2";
        if unit.prepare(sql)?.exists([&entry.channel, event_id])? {
            return Ok(true);
        }
    }
    unit.prepare("SELECT 1 FROM inbox WHERE id = ?1")?.exists([&entry.id])
}

/// Which message is next follows from the order alone: the oldest that is not done, unless it is
/// claimed already. So nothing has to be put right after a crash, and a mark that could not be
/// written does no harm.
pub(super) fn claim(unit: &mut Unit<'_>, session: &str) -> Result<Option<Claim>, Failure> {
    if unit.backlog.claimed(session).is_some() || unit.backlog.waiting_in(session) == 0 {
        return Ok(None);
    }
    let Some((seq, claim)) = next(unit, session)? else {
        return Ok(None);
    };
    if unit.can_write {
        let sql = "UPDATE inbox SET attempts = attempts + 1, claimed_ms = ?2 WHERE seq = ?1";
        unit.prepare(sql)?.execute(params![seq, unit.now_ms])?;
    }
    unit.backlog.claim(session, &claim.inbound.id);
    let history = sessions::newest(unit, session)?;
    Ok(Some(Claim { history, ..claim }))
}

fn next(unit: &Unit<'_>, session: &str) -> Result<Option<(i64, Claim)>, Failure> {
    let sql = "SELECT seq, id, channel, received_ms, message, attempts, checkpoint
               FROM inbox WHERE session = ?1 AND committed_ms IS NULL ORDER BY seq LIMIT 1";
    let mut statement = unit.prepare(sql)?;
    let mut rows = statement.query([session])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let claim = Claim {
        inbound: entry_in(row, session)?,
        history: Vec::new(),
        attempt: row.get::<_, u32>(5)?.saturating_add(1),
        checkpoint: row.get(6)?,
    };
    Ok(Some((row.get(0)?, claim)))
}

/// Reads `seq, id, channel, received_ms, message`.
fn entry_in(row: &Row<'_>, session: &str) -> Result<InboundEntry, Failure> {
    let message: InboundMessage = serde_json::from_str(row.get_ref(4)?.as_str()?)?;
    Ok(InboundEntry {
        id: row.get(1)?,
        channel: row.get(2)?,
        session: session.to_owned(),
        received_ms: row.get(3)?,
        message,
    })
}

pub(super) fn waiting_in(
    unit: &Unit<'_>,
    session: &str,
    limit: usize,
) -> Result<Vec<InboundEntry>, Failure> {
    if unit.backlog.waiting_in(session) == 0 {
        return Ok(Vec::new());
    }
    let sql = "SELECT seq, id, channel, received_ms, message FROM inbox
               WHERE session = ?1 AND committed_ms IS NULL AND id IS NOT ?2 ORDER BY seq LIMIT ?3";
    let claimed = unit.backlog.claimed(session);
    let mut statement = unit.prepare(sql)?;
    let rows = statement
        .query_and_then(params![session, claimed, bounded(limit)], |row| entry_in(row, session))?;
    rows.collect()
}

/// Undoes a claim that nobody waited for.
pub(super) fn give_back(claim: Option<Claim>, backlog: &mut Backlog) {
    if let Some(claim) = claim {
        backlog.release(&claim.inbound.session);
    }
}

/// A claim is known in memory only, so giving it back writes nothing and cannot fail.
pub(super) fn release(unit: &mut Unit<'_>, session: &str) -> Result<(), Failure> {
    unit.backlog.release(session);
    Ok(())
}

pub(super) fn discard_waiting(unit: &mut Unit<'_>, session: &str) -> Result<u64, Failure> {
    let sql = "UPDATE inbox SET committed_ms = ?3, is_discarded = TRUE, message = '',
               checkpoint = NULL WHERE session = ?1 AND committed_ms IS NULL AND id IS NOT ?2";
    let claimed = unit.backlog.claimed(session);
    let discarded = unit.prepare(sql)?.execute(params![session, claimed, unit.now_ms])?;
    unit.backlog.discard(session);
    Ok(discarded as u64)
}

pub(super) fn checkpoint(unit: &mut Unit<'_>, id: &str, json: &str) -> Result<(), Failure> {
    let sql = "UPDATE inbox SET checkpoint = ?2 WHERE id = ?1 AND committed_ms IS NULL";
    unit.prepare(sql)?.execute([id, json])?;
    Ok(())
}

/// `messages` are the outbound messages of the turn as JSON.
pub(super) fn commit_turn(
    unit: &mut Unit<'_>,
    turn: &TurnCommit,
    messages: &[String],
) -> Result<(), Failure> {
    let answers = !turn.inbound_id.is_empty();
    if answers && !finish(unit, &turn.inbound_id)? {
        return Ok(());
    }
    for id in &turn.joined {
        finish(unit, id)?;
    }
    // What the gateway says by itself begins no session.
    if !turn.history.is_empty() {
        sessions::append(unit, &turn.session, &turn.history)?;
    }
    if let Some(used) = &turn.usage {
        usage::add(unit, &turn.session, used)?;
    }
    let inbound_id = answers.then_some(turn.inbound_id.as_str());
    for (entry, json) in turn.outbound.iter().zip(messages) {
        outbox::add(unit, entry, json, inbound_id)?;
    }
    Ok(())
}

/// Marks a message as done. Its text lives on in the history, so the row keeps the times only.
fn finish(unit: &mut Unit<'_>, id: &str) -> rusqlite::Result<bool> {
    let sql = "UPDATE inbox SET committed_ms = ?2, message = '', checkpoint = NULL
               WHERE id = ?1 AND committed_ms IS NULL RETURNING session";
    let session: Option<String> =
        unit.prepare(sql)?.query_row(params![id, unit.now_ms], |row| row.get(0)).optional()?;
    if let Some(session) = &session {
        unit.backlog.finish(session, id);
    }
    Ok(session.is_some())
}

pub(super) fn waiting_sessions(unit: &Unit<'_>) -> Result<Vec<String>, Failure> {
    let sql = "SELECT session FROM inbox WHERE committed_ms IS NULL
               GROUP BY session ORDER BY min(seq)";
    let mut statement = unit.prepare(sql)?;
    let sessions: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let waits = |session: &String| unit.backlog.waiting_in(session) > 0;
    Ok(sessions.into_iter().filter(waits).collect())
}
