use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use nanobot_ledger::{HistoryPage, SessionInfo, SessionPage, TurnCommit};
use serde::Deserialize;

use super::{Desk, Refusal, rows};

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

/// Adds to a session what was said in it elsewhere, as in a terminal.
pub(super) async fn add(
    State(desk): State<Desk>,
    Path(key): Path<String>,
    Json(history): Json<Vec<String>>,
) -> Result<StatusCode, Refusal> {
    if let Some(place) = history.iter().position(|entry| !is_object(entry)) {
        return Err(Refusal::Conflict(format!("entry {place} of the history is no JSON object")));
    }
    let turn = TurnCommit { session: key, history, ..TurnCommit::default() };
    desk.ledger.commit_turn(turn).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_object(entry: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(entry).is_ok()
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
