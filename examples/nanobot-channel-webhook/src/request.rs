//! The body of `POST /message`, and what is answered to it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nanobot_plugin::{Acceptance, Attachment, ChannelError, InboundMessage, http};
use serde_json::{Map, Value, json};

pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Why a request is not a message.
type Refusal = (StatusCode, String);

/// Reads a message, or says what is wrong with it.
pub fn parse(body: Result<Bytes, BytesRejection>) -> Result<InboundMessage, Refusal> {
    let bytes = body.map_err(|problem| match problem.status() {
        status @ StatusCode::PAYLOAD_TOO_LARGE => {
            let problem = format!("the body is larger than {MAX_BODY_BYTES} bytes");
            (status, problem)
        }
        status => (status, problem.body_text()),
    })?;
    let body = serde_json::from_slice(&bytes)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("the body is not JSON: {error}")))?;
    let Value::Object(body) = body else {
        return Err((StatusCode::BAD_REQUEST, "the body is not a JSON object".into()));
    };
    message(&body).map_err(|problem| (StatusCode::UNPROCESSABLE_ENTITY, problem))
}

fn message(body: &Map<String, Value>) -> Result<InboundMessage, String> {
    let sender = id(body, "sender")?.unwrap_or_else(|| "unknown".into());
    let chat_id = id(body, "chat_id")?.unwrap_or_else(|| sender.clone());
    let (text, media) = (text(body)?, media(body)?);
    if text.is_none() && media.is_empty() {
        return Err("text is missing".into());
    }
    let mut message = InboundMessage::new(sender, chat_id, text.unwrap_or_default());
    message.event_id = id(body, "event_id")?;
    Ok(message.with_attachments(media))
}

/// Many systems count their users, so a number is as good an id as a string.
fn id(body: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) if !id.is_empty() => Ok(Some(id.clone())),
        Some(Value::Number(id)) => Ok(Some(id.to_string())),
        Some(_) => Err(format!("{key} must be a string that is not empty, or a number")),
    }
}

fn text(body: &Map<String, Value>) -> Result<Option<String>, String> {
    match body.get("text") {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err("text must be a string".into()),
    }
}

fn media(body: &Map<String, Value>) -> Result<Vec<Attachment>, String> {
    let problem = || "media must be a list of http or https addresses".to_owned();
    let list = match body.get("media") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(list) => list.as_array().ok_or_else(problem)?,
    };
    let is_web = |url: &&str| url.starts_with("http://") || url.starts_with("https://");
    let urls = list.iter().map(|url| url.as_str().filter(is_web));
    urls.map(|url| url.map(Attachment::from_url).ok_or_else(problem)).collect()
}

/// What the gateway said, for the client.
pub fn answer(result: Result<Acceptance, ChannelError>) -> Response {
    let status = StatusCode::from_u16(http::status_of(&result)).expect("these are in use");
    match result {
        Ok(Acceptance::Accepted) => (status, Json(json!({"ok": true}))).into_response(),
        Ok(Acceptance::Duplicate) => {
            (status, Json(json!({"ok": true, "duplicate": true}))).into_response()
        }
        Ok(Acceptance::Denied) => refuse(status, "the sender is not on the allow-list"),
        Err(error) if status == StatusCode::SERVICE_UNAVAILABLE => {
            let wait: [(HeaderName, u64); 1] =
                [(header::RETRY_AFTER, http::retry_after_seconds(&error))];
            (wait, refuse(status, &error.report())).into_response()
        }
        Err(error) => refuse(status, &error.report()),
    }
}

pub fn refuse(status: StatusCode, problem: &str) -> Response {
    (status, Json(json!({"ok": false, "error": problem}))).into_response()
}
