use std::net::SocketAddr;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::gateway::GatewayError;

/// Opens the control port.
pub(crate) async fn bind(host: &str, port: u16) -> Result<(TcpListener, SocketAddr), GatewayError> {
    let failed = |source| GatewayError::Port { host: host.to_owned(), port, source };
    let listener = TcpListener::bind((host, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves the control port until shutdown. Connections that stay open after it are cut.
pub(crate) async fn serve(listener: TcpListener, pages: Router, shutdown: CancellationToken) {
    let app = Router::new().route("/health", get(health)).merge(pages);
    // Pages tell local visitors from others by the address they come from.
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).into_future();
    if let Some(Err(error)) = shutdown.run_until_cancelled(server).await {
        tracing::error!(%error, "The control port failed.");
    }
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
