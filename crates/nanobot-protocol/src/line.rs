//! The JSON-RPC 2.0 frame that every line carries.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{ErrorObject, Notification, Request};

/// Identifies a request; each side counts its own from 1.
pub type Id = u64;

/// A line as it was read, before its parameters are looked at.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// Wants exactly one answer.
    Request {
        /// To be repeated in the answer.
        id: Id,
        /// The method's name.
        method: Cow<'a, str>,
        /// The parameters, an object.
        params: &'a RawValue,
    },
    /// Wants no answer.
    Notification {
        /// The method's name.
        method: Cow<'a, str>,
        /// The parameters, an object.
        params: &'a RawValue,
    },
    /// Answers a request.
    Answer {
        /// The id of the request.
        id: Id,
        /// What the request asked for, or why it failed.
        result: Result<&'a RawValue, ErrorObject>,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "jsonrpc")]
    version: Option<&'a str>,
    id: Option<Id>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<ErrorObject>,
}

/// Why a line is not a message of the protocol.
#[derive(Debug)]
pub enum LineError {
    /// It is not JSON, or not an object of the right shape.
    Json(serde_json::Error),
    /// It is JSON, but neither request, notification nor answer of JSON-RPC 2.0.
    Shape(&'static str),
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(error) => write!(f, "line is not a JSON-RPC object: {error}"),
            Self::Shape(problem) => write!(f, "line is not a JSON-RPC 2.0 message: {problem}"),
        }
    }
}

impl std::error::Error for LineError {}

/// Reads one line.
///
/// # Errors
///
/// Says why the line is not a message of the protocol.
pub fn parse(line: &str) -> Result<Incoming<'_>, LineError> {
    let envelope: Envelope<'_> = serde_json::from_str(line).map_err(LineError::Json)?;
    if envelope.version != Some("2.0") {
        return Err(LineError::Shape("member jsonrpc must be \"2.0\""));
    }
    match envelope {
        Envelope { method: Some(method), id, params, .. } => {
            let params = params.unwrap_or(RawValue::NULL);
            Ok(match id {
                Some(id) => Incoming::Request { id, method, params },
                None => Incoming::Notification { method, params },
            })
        }
        Envelope { id: Some(id), error: Some(error), .. } => {
            Ok(Incoming::Answer { id, result: Err(error) })
        }
        Envelope { id: Some(id), result, .. } => {
            // A null result is read as an absent member, and is an answer all the same.
            Ok(Incoming::Answer { id, result: Ok(result.unwrap_or(RawValue::NULL)) })
        }
        _ => Err(LineError::Shape("it has neither method nor id")),
    }
}

#[derive(Serialize)]
struct Call<'a, P> {
    jsonrpc: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    method: &'a str,
    params: &'a P,
}

#[derive(Serialize)]
struct Success<'a, A> {
    jsonrpc: &'a str,
    id: Id,
    result: &'a A,
}

#[derive(Serialize)]
struct Failure<'a> {
    jsonrpc: &'a str,
    id: Id,
    error: &'a ErrorObject,
}

/// Writes a request as one line, line feed included.
pub fn request<R: Request>(id: Id, params: &R) -> Vec<u8> {
    encode(&Call { jsonrpc: "2.0", id: Some(id), method: R::METHOD, params })
}

/// Writes a notification as one line, line feed included.
pub fn notification<N: Notification>(params: &N) -> Vec<u8> {
    encode(&Call { jsonrpc: "2.0", id: None, method: N::METHOD, params })
}

/// Writes an answer as one line, line feed included.
pub fn answer<A: Serialize>(id: Id, result: Result<&A, &ErrorObject>) -> Vec<u8> {
    match result {
        Ok(result) => encode(&Success { jsonrpc: "2.0", id, result }),
        Err(error) => encode(&Failure { jsonrpc: "2.0", id, error }),
    }
}

fn encode(message: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(message).expect("wire types have string keys only");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let read = match parse(line) {
            Ok(Incoming::Request { id, method, params }) => {
                format!("request {id} {method} {params}")
            }
            Ok(Incoming::Notification { method, params }) => {
                format!("notification {method} {params}")
            }
            Ok(Incoming::Answer { id, result: Ok(result) }) => format!("answer {id} {result}"),
            Ok(Incoming::Answer { id, result: Err(error) }) => {
                format!("failure {id} {} {}", error.code, error.message)
            }
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn each_kind_of_line_is_told_apart() {
        check(r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}"#, "request 1 ping {}");
        check(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, "request 1 ping null");
        check(
            r#"{"jsonrpc":"2.0","method":"$/cancel","params":{"id":3}}"#,
            r#"notification $/cancel {"id":3}"#,
        );
        check(r#"{"jsonrpc":"2.0","id":2,"result":{"a":1}}"#, r#"answer 2 {"a":1}"#);
        check(r#"{"jsonrpc":"2.0","id":2,"result":null}"#, "answer 2 null");
        check(r#"{"jsonrpc":"2.0","id":2,"error":{"code":-1,"message":"no"}}"#, "failure 2 -1 no");
        check(r#"{"jsonrpc":"2.0","id":2,"result":{},"later":[1]}"#, "answer 2 {}");
    }

    #[test]
    fn a_line_that_is_no_message_says_why() {
        check(
            r#"{"id":1,"method":"ping"}"#,
            "error: line is not a JSON-RPC 2.0 message: member jsonrpc must be \"2.0\"",
        );
        check(
            r#"{"jsonrpc":"2.0"}"#,
            "error: line is not a JSON-RPC 2.0 message: it has neither method nor id",
        );
        check(
            "{",
            "error: line is not a JSON-RPC object: EOF while parsing an object at line 1 column 1",
        );
    }

    #[test]
    fn a_method_with_escapes_is_read() {
        check(r#"{"jsonrpc":"2.0","method":"x-\u0061/b","params":{}}"#, "notification x-a/b {}");
    }
}
