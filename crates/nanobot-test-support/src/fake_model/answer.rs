//! What all protocols answer with.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::FakeReply;

/// The answer with an HTTP status, or another one.
pub(super) fn status_or(reply: FakeReply, other: impl FnOnce() -> Response) -> Response {
    let FakeReply::Status { status, body, retry_after } = reply else {
        return other();
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if body.starts_with('{') { "application/json" } else { "text/plain" };
    let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
    if let Some(value) = retry_after.and_then(|value| value.parse().ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

pub(super) fn events(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

pub(super) fn whole(text: &str) -> Response {
    let body = json!({
        "id": "fake", "object": "chat.completion", "model": "fake-model",
        "choices": [{
            "index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text},
        }],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    });
    axum::Json(body).into_response()
}

pub(super) fn error_body(message: &str) -> String {
    json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string()
}
