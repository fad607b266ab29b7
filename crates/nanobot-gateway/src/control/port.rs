use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::gateway::GatewayError;
use crate::intake::Reception;
use crate::metrics::Moment;
use crate::status::State;

/// Media type of the OpenMetrics text format.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Unanswered messages that are counted; more than a ledger takes.
const MOST_UNANSWERED: usize = 10_001;

/// Opens the control port.
pub(crate) async fn bind(host: &str, port: u16) -> Result<(TcpListener, SocketAddr), GatewayError> {
    let failed = |source| GatewayError::Port { host: host.to_owned(), port, source };
    let listener = TcpListener::bind((host, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// What the port answers besides the pages of channels. Nothing here changes state.
pub(crate) fn routes(reception: Arc<Reception>) -> Router {
    let counted = Arc::clone(&reception);
    let health = || async { axum::Json(json!({ "status": "ok" })) };
    let ready = || async move { readiness(&reception) };
    let metrics = || async move { metrics(&counted).await };
    Router::new()
        .route("/health", get(health))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
}

/// Serves the control port until shutdown. Connections that stay open after it are cut.
pub(crate) async fn serve(listener: TcpListener, pages: Router, shutdown: CancellationToken) {
    // Pages tell local visitors from others by the address they come from.
    let service = pages.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).into_future();
    if let Some(Err(error)) = shutdown.run_until_cancelled(server).await {
        tracing::error!(%error, "The control port failed.");
    }
}

/// Ready means: messages are taken, and every enabled channel is connected.
fn readiness(reception: &Reception) -> Response {
    let is_stopping = reception.closing.is_cancelled();
    let reports = reception.board.snapshot();
    let missing = reports.iter().filter(|(_, report)| report.state != State::Connected);
    let missing: Vec<&String> = missing.map(|(name, _)| name).collect();
    let is_ready = !is_stopping && missing.is_empty();
    let code = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": is_ready, "stopping": is_stopping, "not_connected": missing });
    (code, axum::Json(body)).into_response()
}

async fn metrics(reception: &Reception) -> Response {
    let unanswered = reception.ledger.unanswered(MOST_UNANSWERED).await;
    let moment = Moment {
        channels: reception.channels(),
        unanswered: unanswered.ok().map(|messages| messages.len()),
    };
    let text = reception.metrics.render(reception.about.started.elapsed(), &moment);
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}
