use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a request failed, as JSON-RPC's `error` member.
///
/// Programs look at [`ErrorData::kind`]; the code is there for JSON-RPC tooling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorObject {
    /// See [`ErrorKind::code`].
    pub code: i32,
    /// For people.
    pub message: String,
    /// For programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<ErrorData>,
}

/// The part of an error that programs read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorData {
    /// What may be done about it.
    pub kind: ErrorKind,
    /// How long to wait before trying again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What may be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The parameters or the config are wrong; repeating the call cannot help.
    Invalid,
    /// Unknown method or missing feature.
    Unsupported,
    /// Cancelled by `$/cancel`.
    Cancelled,
    /// Too much at once; nothing was stored; wait `retry_after_ms`.
    Overloaded,
    /// Not connected yet.
    NotReady,
    /// The platform refused the credentials.
    Auth,
    /// The platform asked to wait `retry_after_ms`.
    RateLimited,
    /// The platform could not be reached.
    Network,
    /// The platform refused this message for good.
    Rejected,
    /// The chat does not exist any more.
    NotFound,
    /// Anything else; a reader treats kinds it does not know as this one.
    #[serde(other)]
    Internal,
}

impl ErrorKind {
    /// JSON-RPC error code of this kind.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Invalid => -32602,
            Self::Unsupported => -32601,
            Self::Cancelled => -32800,
            Self::Overloaded => -32001,
            Self::NotReady => -32002,
            Self::Auth => -32010,
            Self::RateLimited => -32011,
            Self::Network => -32012,
            Self::Rejected => -32013,
            Self::NotFound => -32014,
            Self::Internal => -32603,
        }
    }
}

impl ErrorObject {
    /// An error of a kind, without time or hint.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            code: kind.code(),
            message: message.into(),
            data: Some(ErrorData { kind, retry_after_ms: None, hint: None }),
        }
    }

    /// The kind; told from the code where `data` is missing, as plain JSON-RPC libraries do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.data {
            Some(data) => data.kind,
            None if self.code == -32601 => ErrorKind::Unsupported,
            None if self.code == -32602 => ErrorKind::Invalid,
            None => ErrorKind::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_is_not_known_counts_as_internal() {
        let json = r#"{"code":-32099,"message":"?","data":{"kind":"moon_phase"}}"#;
        let error: ErrorObject = serde_json::from_str(json).unwrap();
        assert_eq!(error.kind(), ErrorKind::Internal);
    }
}
