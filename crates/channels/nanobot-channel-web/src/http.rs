use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get};

use crate::access::Forbidden;
use crate::{WebHub, socket};

const ICON: &str = include_str!("icon.svg");

pub(crate) fn router(hub: Arc<WebHub>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/ws", any(connect))
        .route("/favicon.ico", get(icon))
        .route_layer(from_fn_with_state(Arc::clone(&hub), guard))
        .with_state(hub)
}

/// Refuses requests that a foreign web site may have caused, and marks every answer.
async fn guard(State(hub): State<Arc<WebHub>>, request: Request, next: Next) -> Response {
    let checked = hub.access.check_request(request.headers());
    let policy = match checked {
        Ok(host) => hub.page.policy(&host.to_ascii_lowercase()),
        Err(forbidden) => return forbidden.into_response(),
    };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn page(State(hub): State<Arc<WebHub>>) -> Html<String> {
    Html(hub.page.html.clone())
}

async fn icon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml")], ICON)
}

async fn connect(
    State(hub): State<Arc<WebHub>>,
    headers: HeaderMap,
    extensions: Extensions,
    upgrade: WebSocketUpgrade,
) -> Response {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    if let Err(forbidden) = hub.access.check_socket(&headers, peer.map(|info| info.0.ip())) {
        return forbidden.into_response();
    }
    let seat = Arc::clone(&hub.seats).try_acquire_owned();
    let Ok(seat) = seat else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    };
    if hub.is_closing() {
        return (StatusCode::SERVICE_UNAVAILABLE, "nanobot is stopping\n").into_response();
    }
    // JSON may write each byte of the text as six.
    let largest_frame = hub.limits.max_text_bytes * 6 + 4096;
    let sockets = hub.sockets.clone();
    upgrade.max_message_size(largest_frame).max_frame_size(largest_frame).on_upgrade(
        move |socket| {
            sockets.track_future(async move {
                socket::serve(hub, socket).await;
                drop(seat);
            })
        },
    )
}

impl IntoResponse for Forbidden {
    fn into_response(self) -> Response {
        (StatusCode::FORBIDDEN, self.0).into_response()
    }
}
