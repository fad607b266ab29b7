//! What is answered over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use nanobot_channel_web::Access;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use super::question::Question;
use super::refusal::Refusal;
use super::request::ChatRequest;
use super::stream;
use super::turns::Turns;

/// Most bytes of a request, attachments in it among them.
const MAX_BODY_BYTES: usize = 20 * 1024 * 1024;
/// How long a client may take to send them.
const BODY_TIME: Duration = Duration::from_secs(60);

pub(super) fn routes(turns: Arc<Turns>, access: Access) -> Router {
    let access = Arc::new(access);
    let guarded = Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(models))
        .with_state(turns)
        .layer(from_fn_with_state(Arc::clone(&access), require_key));
    Router::new()
        .route("/health", get(health))
        .merge(guarded)
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(access, refuse_web_sites))
}

/// Refuses what a foreign web site may have caused in a person's browser. Where there is a key, a
/// web site cannot know it, and clients may use whatever name leads here.
async fn refuse_web_sites(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    if !access.has_token() && access.check_request(request.headers()).is_err() {
        let why = "without a key only programs on this machine are answered, under localhost or \
                   its address; set `api.apiKey` for others";
        return Refusal::new(StatusCode::FORBIDDEN, "foreign_request", why).into_response();
    }
    next.run(request).await
}

async fn require_key(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    if access.is_token_right(bearer(request.headers())) {
        return next.run(request).await;
    }
    let why = "send the key of `api.apiKey` in the header `Authorization: Bearer KEY`";
    Refusal::new(StatusCode::UNAUTHORIZED, "invalid_api_key", why).into_response()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

async fn models(State(turns): State<Arc<Turns>>) -> Json<Value> {
    let model =
        |id: String| json!({"id": id, "object": "model", "created": 0, "owned_by": "nanobot"});
    let models: Vec<Value> = turns.models().into_iter().map(model).collect();
    Json(json!({"object": "list", "data": models}))
}

async fn unknown() -> Refusal {
    let why = "there are /v1/chat/completions, /v1/models and /health";
    Refusal::new(StatusCode::NOT_FOUND, "unknown_url", why)
}

async fn wrong_method() -> Refusal {
    let why = "/v1/chat/completions takes POST, everything else GET";
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", why)
}

async fn complete(State(turns): State<Arc<Turns>>, request: Request) -> Result<Response, Refusal> {
    // Before the body is read: that is what takes the memory.
    let place = turns.place()?;
    let request = ChatRequest::read(&body(request).await?)?;
    let (is_streamed, with_usage) = (request.is_streamed(), request.wants_usage());
    let question = Question::of(request, &turns.models())?;
    let mut head = Head::new(&question.model);
    let answering = turns.begin(question, place);
    if is_streamed {
        return Ok(stream::response(answering, head, with_usage));
    }
    let answer = answering.whole().await?;
    head.model = answer.model.clone().unwrap_or(head.model);
    let mut completion = head.object("chat.completion");
    completion["usage"] = answer.usage();
    completion["choices"] = json!([{
        "index": 0,
        "message": {"role": "assistant", "content": answer.text, "refusal": null},
        "logprobs": null,
        "finish_reason": "stop",
    }]);
    Ok(Json(completion).into_response())
}

async fn body(request: Request) -> Result<Bytes, Refusal> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type.is_some_and(|media_type| media_type.starts_with("multipart/")) {
        let why = "send JSON, with files as data URLs in the parts of the message";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, "unsupported_media_type", why));
    }
    let too_large = || {
        let why = format!("a request has at most {} MiB", MAX_BODY_BYTES / 1024 / 1024);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", why)
    };
    let read = timeout(BODY_TIME, to_bytes(request.into_body(), MAX_BODY_BYTES)).await;
    let too_slow = |_| {
        let why = format!("the request did not come within {} s", BODY_TIME.as_secs());
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "request_too_slow", why)
    };
    // A connection that breaks off has nobody to tell, so the bound is what was met.
    read.map_err(too_slow)?.map_err(|_| too_large())
}

/// What stands at the head of each object of one answer.
#[derive(Debug)]
pub(super) struct Head {
    id: String,
    created: i64,
    model: String,
}

impl Head {
    fn new(model: &str) -> Self {
        Self {
            id: format!("chatcmpl-{}", Uuid::now_v7().simple()),
            created: Timestamp::now().as_second(),
            model: model.to_owned(),
        }
    }

    /// An object of this kind, to be filled.
    pub(super) fn object(&self, kind: &str) -> Value {
        let Self { id, created, model } = self;
        json!({"id": id, "object": kind, "created": created, "model": model})
    }
}
