use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use nanobot_agent::{Message, Role};
use nanobot_ledger::{HistoryPage, SessionInfo, SessionPage, TurnCommit, TurnUsage};
use serde::Deserialize;

use super::{Desk, MAX_BODY_BYTES, Refusal, TurnElsewhere, rows};

/// Longest key of a session that is added to.
const MAX_KEY_BYTES: usize = 1_024;
/// Most entries that are added at once; the longest turns have fewer.
const MAX_ENTRIES: usize = 10_000;

#[derive(Deserialize)]
pub(super) struct Listing {
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct Piece {
    #[serde(default)]
    from: u64,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Query(query): Query<Listing>,
) -> Result<Json<Vec<SessionInfo>>, Refusal> {
    let page = SessionPage { after: query.after, limit: rows(query.limit) };
    Ok(Json(desk.ledger.sessions(page).await?))
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Path(key): Path<String>,
) -> Result<Json<SessionInfo>, Refusal> {
    let found = desk.ledger.session(&key).await?;
    found.map(Json).ok_or_else(|| unknown(&key))
}

pub(super) async fn history(
    State(desk): State<Desk>,
    Path(key): Path<String>,
    Query(query): Query<Piece>,
) -> Result<Json<Vec<String>>, Refusal> {
    let page = HistoryPage { from: query.from, limit: rows(query.limit) };
    Ok(Json(desk.ledger.session_history(&key, page).await?))
}

/// Adds a turn to a session that was run elsewhere, as in a terminal: all of it, or nothing.
pub(super) async fn add(
    State(desk): State<Desk>,
    Path(key): Path<String>,
    turn: Result<Json<TurnElsewhere>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let Json(TurnElsewhere { history, usage }) = turn.map_err(|rejection| unread(&rejection))?;
    check(&key, &history)?;
    usage.as_ref().map_or(Ok(()), check_usage)?;
    let turn = TurnCommit { session: key, history, usage, ..TurnCommit::default() };
    desk.ledger.commit_turn(turn).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn unread(rejection: &JsonRejection) -> Refusal {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large("the turn", MAX_BODY_BYTES, "bytes"),
        status => Refusal::Unusable(status, rejection.body_text()),
    }
}

fn check(key: &str, history: &[String]) -> Result<(), Refusal> {
    if key.len() > MAX_KEY_BYTES {
        return Err(too_large("the key of the session", MAX_KEY_BYTES, "bytes"));
    }
    if history.len() > MAX_ENTRIES {
        return Err(too_large("the history", MAX_ENTRIES, "entries"));
    }
    history.iter().enumerate().try_for_each(|(place, entry)| {
        check_entry(entry).map_err(|problem| {
            let problem = format!("entry {place} of the history {problem}");
            Refusal::Unusable(StatusCode::UNPROCESSABLE_ENTITY, problem)
        })
    })
}

fn check_usage(usage: &TurnUsage) -> Result<(), Refusal> {
    let is_named = |name: &str| (1..=MAX_KEY_BYTES).contains(&name.len());
    if is_named(&usage.channel) && is_named(&usage.model) {
        return Ok(());
    }
    let problem = format!("channel and model of the usage have 1 to {MAX_KEY_BYTES} bytes");
    Err(Refusal::Unusable(StatusCode::UNPROCESSABLE_ENTITY, problem))
}

/// Instructions are no part of a conversation: they come from the workspace alone.
fn check_entry(entry: &str) -> Result<(), String> {
    match serde_json::from_str::<Message>(entry) {
        Ok(message) if message.role == Role::System => Err("has the role `system`".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(format!("cannot be understood: {error}")),
    }
}

fn too_large(what: &str, most: usize, unit: &str) -> Refusal {
    let problem = format!("{what} is larger than {most} {unit}");
    Refusal::Unusable(StatusCode::PAYLOAD_TOO_LARGE, problem)
}

pub(super) async fn forget(
    State(desk): State<Desk>,
    Path(key): Path<String>,
) -> Result<StatusCode, Refusal> {
    if desk.ledger.delete_session(&key).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown(&key))
    }
}

fn unknown(key: &str) -> Refusal {
    Refusal::Unknown(format!("no session has the key {key}"))
}
