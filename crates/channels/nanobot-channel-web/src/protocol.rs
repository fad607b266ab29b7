use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::store::Row;
use crate::streams::Stream;

/// What a page says. The fields are explained in the documentation of the crate.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum PageFrame {
    Hello { token: Option<String> },
    Open { chat: String, after: Option<u64> },
    Earlier { chat: String, before: u64 },
    Send { chat: String, id: String, text: String },
    Rename { chat: String, title: String },
    Delete { chat: String },
    Ping,
}

/// What the hub says. The fields are explained in the documentation of the crate.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum HubFrame<'a> {
    Welcome {
        title: &'a str,
        ready: bool,
        max_text_bytes: usize,
        conversations: &'a [Row],
    },
    Denied {
        reason: &'static str,
    },
    Status {
        ready: bool,
    },
    Conversation(&'a Row),
    Deleted {
        chat: &'a str,
    },
    History {
        chat: &'a str,
        reset: bool,
        earlier: bool,
        messages: &'a [Entry],
        streams: Vec<StreamSoFar<'a>>,
    },
    Earlier {
        chat: &'a str,
        messages: &'a [Entry],
        earlier: bool,
    },
    Message {
        chat: &'a str,
        message: &'a Entry,
        #[serde(skip_serializing_if = "Option::is_none")]
        stream: Option<String>,
    },
    Piece {
        chat: &'a str,
        stream: &'a str,
        offset: usize,
        text: &'a str,
    },
    StreamEnd {
        chat: &'a str,
        stream: &'a str,
    },
    Progress {
        chat: &'a str,
        kind: nanobot_channel::OutboundKind,
        text: &'a str,
    },
    Accepted {
        chat: &'a str,
        id: &'a str,
    },
    Refused {
        chat: &'a str,
        id: &'a str,
        #[serde(flatten)]
        refusal: &'a Refusal,
    },
    Error {
        text: &'a str,
    },
    Pong,
}

/// The whole text so far of a stream that goes on.
#[derive(Serialize)]
pub(crate) struct StreamSoFar<'a> {
    stream: &'a str,
    text: &'a str,
}

/// Why a message was not taken.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    pub(crate) reason: RefusalReason,
    /// For people.
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefusalReason {
    /// The page's sender is not on the allow-list.
    Denied,
    /// The gateway has too much to do; the page tries again by itself.
    Overloaded,
    /// No channel is running; the page tries again when one is.
    NotReady,
    /// Never try again.
    Rejected,
    /// A person may try again.
    Failed,
}

impl HubFrame<'_> {
    pub(crate) fn encode(&self) -> Utf8Bytes {
        serde_json::to_string(self).expect("a frame has no map with keys that are not text").into()
    }
}

impl<'a> From<&'a Stream> for StreamSoFar<'a> {
    fn from(stream: &'a Stream) -> Self {
        Self { stream: &stream.id, text: &stream.text }
    }
}

impl Refusal {
    pub(crate) fn new(reason: RefusalReason, text: impl Into<String>) -> Self {
        Self { reason, text: text.into(), retry_after_ms: None }
    }
}
