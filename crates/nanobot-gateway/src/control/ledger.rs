//! What the ledger holds, over HTTP: the control socket of a running gateway answers it, and the
//! command line answers it to itself while no gateway runs.

mod deliveries;
mod sessions;
mod usage;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use nanobot_ledger::{InboundRecord, Ledger, LedgerError, OutboundEntry, Trace, TurnUsage};
use serde::{Deserialize, Serialize};

/// Path of the deliveries, newest first; query `state` (names with commas between), `before`,
/// `limit`. Below it each delivery by its id, with `…/retry` for a POST; DELETE drops it.
pub const DELIVERIES_PATH: &str = "/v1/deliveries";
/// Path of the messages that are not answered yet, oldest first; query `limit`.
pub const UNANSWERED_PATH: &str = "/v1/messages";
/// Path of the sessions by key; query `after`, `limit`. Below it each session by its key, with
/// `…/history` and its query `from`, `limit`, to which a POST adds a [`TurnElsewhere`] (at most 10,000
/// entries and 64 MiB); DELETE forgets it.
pub const SESSIONS_PATH: &str = "/v1/sessions";
/// Path of what turns used, by day (newest first), channel and model; query `from_ms`,
/// `utc_offset_ms`.
pub const USAGE_PATH: &str = "/v1/usage";
/// Path below which the way of each message is found.
pub const TRACE_PATH: &str = "/v1/trace";

/// Most rows of one answer.
const MAX_ROWS: usize = 1_000;
/// Most that is taken at once: the history of a long turn.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// Takes up a delivery that a person wants retried; false if it has to wait for the next gateway.
pub type Deliver = dyn Fn(OutboundEntry) -> bool + Send + Sync;

/// Answer to a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// False if the delivery waits for the next start of a gateway.
    pub is_queued: bool,
}

/// A turn that was run outside the gateway, to be added to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnElsewhere {
    /// What people, models and tools said, each as a JSON text.
    pub history: Vec<String>,
    /// What it used, if a model answered.
    #[serde(default)]
    pub usage: Option<TurnUsage>,
}

/// What is said when something did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For people.
    pub error: String,
}

/// The ledger at hand.
#[derive(Clone)]
struct Desk {
    ledger: Arc<dyn Ledger>,
    deliver: Arc<Deliver>,
}

/// Why a request was not answered as wished.
enum Refusal {
    Unknown(String),
    Conflict(String),
    Unusable(StatusCode, String),
    Failed(LedgerError),
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<usize>,
}

/// Everything about a ledger.
pub fn ledger_routes(ledger: Arc<dyn Ledger>, deliver: Arc<Deliver>) -> Router {
    let below = |path: &str, rest: &str| format!("{path}/{rest}");
    Router::new()
        .route(DELIVERIES_PATH, get(deliveries::list))
        .route(&below(DELIVERIES_PATH, "{id}"), get(deliveries::show).delete(deliveries::give_up))
        .route(&below(DELIVERIES_PATH, "{id}/retry"), post(deliveries::retry))
        .route(UNANSWERED_PATH, get(unanswered))
        .route(&below(TRACE_PATH, "{id}"), get(trace))
        .route(SESSIONS_PATH, get(sessions::list))
        .route(&below(SESSIONS_PATH, "{key}"), get(sessions::show).delete(sessions::forget))
        .route(&below(SESSIONS_PATH, "{key}/history"), get(sessions::history).post(sessions::add))
        .route(USAGE_PATH, get(usage::list))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Desk { ledger, deliver })
}

async fn unanswered(
    State(desk): State<Desk>,
    Query(query): Query<Limit>,
) -> Result<Json<Vec<InboundRecord>>, Refusal> {
    Ok(Json(desk.ledger.unanswered(rows(query.limit)).await?))
}

async fn trace(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Trace>, Refusal> {
    let unknown = || Refusal::Unknown(format!("no message or delivery has the id {id}"));
    desk.ledger.trace(&id).await?.map(Json).ok_or_else(unknown)
}

fn rows(limit: Option<usize>) -> usize {
    limit.unwrap_or(MAX_ROWS).min(MAX_ROWS)
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Unknown(error) => (StatusCode::NOT_FOUND, error),
            Self::Conflict(error) => (StatusCode::CONFLICT, error),
            Self::Unusable(status, error) => (status, error),
            Self::Failed(error) => (StatusCode::INTERNAL_SERVER_ERROR, with_causes(&error)),
        };
        (status, Json(Problem { error })).into_response()
    }
}

fn with_causes(error: &LedgerError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
