use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use tokio::sync::{mpsc, oneshot};

use crate::gateway::reload::ReloadRequest;

/// Path on the control socket that has the config and the plugins read again, by a POST. Answers
/// when it is done with what changed, or 503 while the gateway starts or stops.
pub const RELOAD_PATH: &str = "/v1/reload";

/// Passes requests on to whoever reads the config.
pub(crate) fn reload_routes(requests: mpsc::Sender<ReloadRequest>) -> Router {
    Router::new().route(RELOAD_PATH, post(move || reload(requests)))
}

async fn reload(requests: mpsc::Sender<ReloadRequest>) -> Response {
    let (request, answer) = oneshot::channel();
    let is_asked = requests.try_send(request).is_ok();
    match answer.await {
        Ok(reloaded) if is_asked => Json(reloaded).into_response(),
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
