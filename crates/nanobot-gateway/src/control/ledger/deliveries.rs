use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use nanobot_ledger::{DeliveryFilter, DeliveryRecord, DeliveryState};
use serde::Deserialize;

use super::{Desk, Refusal, Retried, rows};

#[derive(Deserialize)]
pub(super) struct Listing {
    #[serde(default)]
    state: String,
    before: Option<u64>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Query(query): Query<Listing>,
) -> Result<Json<Vec<DeliveryRecord>>, Refusal> {
    let filter = DeliveryFilter {
        states: states(&query.state)?,
        before: query.before,
        limit: rows(query.limit),
    };
    Ok(Json(desk.ledger.deliveries(filter).await?))
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<DeliveryRecord>, Refusal> {
    desk.delivery(&id).await.map(Json)
}

pub(super) async fn retry(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<Retried>, Refusal> {
    let Some(entry) = desk.ledger.retry_delivery(&id).await? else {
        let state = desk.delivery(&id).await?.state.as_str();
        let problem = format!("the delivery {id} is {state}; only a held or dead one is retried");
        return Err(Refusal::Conflict(problem));
    };
    Ok(Json(Retried { is_queued: (desk.deliver)(entry) }))
}

pub(super) async fn give_up(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    if desk.ledger.drop_delivery(&id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let state = desk.delivery(&id).await?.state.as_str();
    Err(Refusal::Conflict(format!("the delivery {id} is {state} already")))
}

impl Desk {
    async fn delivery(&self, id: &str) -> Result<DeliveryRecord, Refusal> {
        let trace = self.ledger.trace(id).await?;
        let deliveries = trace.map(|trace| trace.deliveries).unwrap_or_default();
        let found = deliveries.into_iter().find(|record| record.delivery_id == id);
        found.ok_or_else(|| Refusal::Unknown(format!("no delivery has the id {id}")))
    }
}

fn states(typed: &str) -> Result<Vec<DeliveryState>, Refusal> {
    let names = typed.split(',').filter(|name| !name.is_empty());
    let unknown = |name| Refusal::Conflict(format!("no delivery can be {name}"));
    names.map(|name| DeliveryState::from_name(name).ok_or_else(|| unknown(name))).collect()
}
