use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An answer that says no.
/// See [Bot API/making requests](https://core.telegram.org/bots/api#making-requests).
#[derive(Debug)]
pub(super) struct Refusal {
    code: u16,
    description: String,
    parameters: Option<Value>,
}

/// Why a call fails: through the client's fault, or not.
pub(super) enum Failure {
    Violation(String),
    Refusal(Refusal),
}

impl Refusal {
    pub(super) fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }

    pub(super) fn bad_request(reason: &str) -> Self {
        Self::new(400, format!("Bad Request: {reason}"))
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// The group has another id now.
    pub(super) fn moved(to: i64) -> Self {
        let reason = "group chat was upgraded to a supergroup chat";
        Self { parameters: Some(json!({"migrate_to_chat_id": to})), ..Self::bad_request(reason) }
    }

    pub(super) fn too_many(seconds: u64) -> Self {
        let description = format!("Too Many Requests: retry after {seconds}");
        let parameters = Some(json!({"retry_after": seconds}));
        Self { code: 429, description, parameters }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body =
            json!({"ok": false, "error_code": self.code, "description": self.description});
        if let Some(parameters) = self.parameters {
            body["parameters"] = parameters;
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(body)).into_response()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}
