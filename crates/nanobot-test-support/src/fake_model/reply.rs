//! What the fake model answers to one request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

/// The answer to one request.
#[derive(Debug, Clone)]
pub enum FakeReply {
    /// Streams the last user message back, word by word, with usage.
    Echo,
    /// Answers with an HTTP status, mostly an error.
    Status {
        /// HTTP status code.
        status: u16,
        /// Whole body.
        body: String,
        /// Value of the `Retry-After` header.
        retry_after: Option<String>,
    },
    /// Streams these steps one after another.
    Stream(Vec<Step>),
}

/// One step of a streamed answer.
#[derive(Debug, Clone)]
pub enum Step {
    /// A piece of the answer.
    Text(String),
    /// A piece of `reasoning_content`.
    Reasoning(String),
    /// A whole call of a tool; calls of one answer have different indices.
    ToolCall {
        /// Place in the answer.
        index: u64,
        /// Connects the call with its result.
        id: String,
        /// Name of the tool.
        name: String,
        /// Arguments as they are, valid or not.
        arguments: String,
    },
    /// An event with any JSON, such as an error object.
    Event(Value),
    /// Bytes as they are, valid or not.
    Raw(Bytes),
    /// Waits before the next step.
    Pause(Duration),
    /// Waits for [`FakeModel::release`](super::FakeModel::release).
    Stall,
    /// Says that the answer is complete, with tokens read and written.
    End {
        /// Tokens of the request.
        input_tokens: u64,
        /// Tokens of the answer.
        output_tokens: u64,
    },
    /// Cuts the connection.
    Cut,
}

impl FakeReply {
    /// The echo of the last user message.
    #[must_use]
    pub fn echo() -> Self {
        Self::Echo
    }

    /// A complete answer in one piece.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::pieces([text])
    }

    /// A complete answer in these pieces.
    pub fn pieces<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Self {
        Self::partial(pieces).then(end())
    }

    /// A complete answer in these pieces, with a wait before each of them.
    pub fn slow<'a>(pieces: impl IntoIterator<Item = &'a str>, delay: Duration) -> Self {
        let steps = pieces
            .into_iter()
            .flat_map(|piece| [Step::Pause(delay), Step::Text(piece.to_owned())])
            .chain([end()]);
        Self::Stream(steps.collect())
    }

    /// These pieces without an end, to go on with [`FakeReply::then`].
    pub fn partial<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Stream(pieces.into_iter().map(|piece| Step::Text(piece.to_owned())).collect())
    }

    /// A complete answer without any text.
    #[must_use]
    pub fn blank() -> Self {
        Self::pieces([])
    }

    /// An answer that calls one tool, without a word.
    #[must_use]
    pub fn tool_call(name: &str, arguments: &Value) -> Self {
        Self::tool_calls([(name, arguments.to_string().as_str())])
    }

    /// An answer that calls these tools at once, without a word; arguments are sent as they are.
    pub fn tool_calls<'a>(calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::partial([]).then_calls(calls)
    }

    /// Ends a streamed answer with these calls of tools.
    #[must_use]
    pub fn then_calls<'a>(self, calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut reply = self;
        for (index, (name, arguments)) in (0..).zip(calls) {
            reply = reply.then(Step::ToolCall {
                index,
                id: format!("fake_{}", next_number()),
                name: name.to_owned(),
                arguments: arguments.to_owned(),
            });
        }
        reply.then(end())
    }

    /// An error status with a body.
    #[must_use]
    pub fn status(status: u16, body: &str) -> Self {
        Self::Status { status, body: body.to_owned(), retry_after: None }
    }

    /// An error object inside a stream that began well.
    #[must_use]
    pub fn stream_error(message: &str, code: &Value) -> Self {
        let error = json!({"error": {"message": message, "code": code}});
        Self::Stream(vec![Step::Event(error)])
    }

    /// Bytes as they are instead of events.
    #[must_use]
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::Stream(vec![Step::Raw(bytes.into())])
    }

    /// One line of the stream of at least this length.
    #[must_use]
    pub fn huge_line(bytes: usize) -> Self {
        Self::raw(format!("data: {}", "x".repeat(bytes)))
    }

    /// Adds a step at the end of a streamed answer.
    ///
    /// # Panics
    ///
    /// Panics for an answer that is not streamed.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        match &mut self {
            Self::Stream(steps) => steps.push(step),
            other => panic!("only a streamed reply has steps, not {other:?}"),
        }
        self
    }

    /// Adds the `Retry-After` header to an error status.
    ///
    /// # Panics
    ///
    /// Panics for an answer that is not an error status.
    #[must_use]
    pub fn retry_after(mut self, value: &str) -> Self {
        match &mut self {
            Self::Status { retry_after, .. } => *retry_after = Some(value.to_owned()),
            other => panic!("only a status has a Retry-After, not {other:?}"),
        }
        self
    }
}

fn end() -> Step {
    Step::End { input_tokens: 1, output_tokens: 1 }
}

/// A number that no other call of a tool has.
fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
