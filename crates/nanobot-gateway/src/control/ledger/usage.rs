use axum::Json;
use axum::extract::{Query, State};
use nanobot_ledger::{UsageQuery, UsageRow};
use serde::Deserialize;

use super::{Desk, Refusal};

#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    from_ms: u64,
    #[serde(default)]
    utc_offset_ms: i64,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Query(query): Query<Since>,
) -> Result<Json<Vec<UsageRow>>, Refusal> {
    let query = UsageQuery { from_ms: query.from_ms, utc_offset_ms: query.utc_offset_ms };
    Ok(Json(desk.ledger.usage(query).await?))
}
