use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::multipart::{self, UploadedFile};

/// A call of the Bot API.
#[derive(Debug, Clone)]
pub struct TelegramCall {
    /// The method, e.g. `sendMessage`.
    pub method: String,
    /// The parameters but for files.
    pub params: Map<String, Value>,
    /// The files.
    pub files: Vec<UploadedFile>,
}

impl TelegramCall {
    /// Reads a call in one of the two ways that the channel uses.
    /// See [Bot API/making requests](https://core.telegram.org/bots/api#making-requests).
    pub(super) fn parse(method: &str, headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default();
        let (params, files) = if kind.starts_with("application/json") {
            let params = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            (params, Vec::new())
        } else if let Some(boundary) = multipart::boundary(kind) {
            multipart::parse(boundary, body)?
        } else {
            return Err(format!("the content type {kind:?} is none that the Bot API takes"));
        };
        Ok(Self { method: method.to_owned(), params, files })
    }

    /// A text parameter.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.params.get(name)?.as_str()
    }

    /// A number, which multipart calls write as text.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        let value = self.params.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// An object, which multipart calls write as text.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Value> {
        let value = self.params.get(name)?;
        match value.as_str() {
            Some(text) => serde_json::from_str(text).ok(),
            None => Some(value.clone()),
        }
    }
}
