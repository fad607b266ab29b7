//! A webhook channel for nanobot: messages come in by `POST /message`, replies go out by `POST` to
//! a callback address.

mod callback;
mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Router, http::StatusCode};
use nanobot_plugin::*;
use request::{answer, refuse};
use tokio::net::TcpListener;

/// Section `channels.webhook` of the config.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct WebhookConfig {
    /// Address to listen on; `0.0.0.0` for all networks.
    host: String,
    /// Port to listen on; 0 lets the system choose.
    port: u16,
    /// Where replies are posted to; without it they are logged.
    callback_url: Option<String>,
    /// Post replies while they are being written, too.
    streaming: bool,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self { host: "127.0.0.1".into(), port: 9000, callback_url: None, streaming: false }
    }
}

impl ChannelConfig for WebhookConfig {
    const NAME: &'static str = "webhook";
    const DISPLAY_NAME: &'static str = "Webhook";
    const CAPABILITIES: Capabilities =
        Capabilities { streaming: true, login: false, deduplicates: false };

    fn build(self) -> Result<Arc<dyn Channel>, ChannelError> {
        let callback = self.callback_url.as_deref().map(callback::Callback::new).transpose()?;
        Ok(Arc::new(Webhook { host: self.host, port: self.port, callback }))
    }
}

struct Webhook {
    host: String,
    port: u16,
    callback: Option<callback::Callback>,
}

#[async_trait]
impl Channel for Webhook {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        let wanted = (self.host.as_str(), self.port);
        let listener = TcpListener::bind(wanted).await.map_err(|error| {
            let (host, port) = wanted;
            let problem = format!("failed to listen on {host}:{port} (channels.webhook.port)");
            // Not `invalid`: the port may become free.
            ChannelError::network(problem).with_source(error)
        })?;
        let address = listener.local_addr().map_err(|error| {
            ChannelError::internal("failed to read the address").with_source(error)
        })?;
        tracing::info!("Webhook listening on {address}.");
        cx.report(ChannelStatus::connected(format!("listening on {address}")));
        let stop = cx.shutdown.clone().cancelled_owned();
        let app = Router::new()
            .route("/message", post(on_request))
            .fallback(async || refuse(StatusCode::NOT_FOUND, "there is only /message here"))
            .method_not_allowed_fallback(async || {
                refuse(StatusCode::METHOD_NOT_ALLOWED, "/message takes POST only")
            })
            .layer(DefaultBodyLimit::max(request::MAX_BODY_BYTES))
            .with_state(cx);
        let served = axum::serve(listener, app).with_graceful_shutdown(stop).await;
        served.map_err(|error| ChannelError::network("failed to serve").with_source(error))
    }

    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let is_final = matches!(message.kind, OutboundKind::Final | OutboundKind::Notice);
        self.deliver(&callback::Reply::of(&message, is_final), Some(&message.delivery_id)).await
    }

    async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let is_final = delta.end.is_some();
        let key = is_final.then_some(delta.delivery_id);
        self.deliver(&callback::Reply::so_far(&delta, is_final), key).await
    }
}

impl Webhook {
    async fn deliver(
        &self,
        reply: &callback::Reply<'_>,
        idempotency_key: Option<&str>,
    ) -> Result<Receipt, ChannelError> {
        match &self.callback {
            Some(callback) => callback.post(reply, idempotency_key).await?,
            None => {
                let text: String = reply.text.chars().take(80).collect();
                tracing::info!("[webhook] -> {}: {text}", reply.chat_id);
            }
        }
        Ok(Receipt::default())
    }
}

async fn on_request(
    State(cx): State<ChannelContext>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match request::parse(body) {
        Ok(message) => answer(cx.handle_message(message).await),
        Err((status, problem)) => refuse(status, &problem),
    }
}

fn main() -> std::process::ExitCode {
    serve::<WebhookConfig>(env!("CARGO_PKG_VERSION"))
}
