//! The events of a streamed answer.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::provider::{Completion, Delta, ErrorKind, ProviderError, Stop};
use crate::tool_call::ToolCall;
use crate::wire::{self, Arrived, Failure, MAX_CALLS, Secrets, Sink, not_understood};

/// An event; only what is used is read.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: usize,
        content_block: Value,
    },
    ContentBlockDelta {
        index: usize,
        delta: BlockDelta,
    },
    MessageDelta {
        delta: Option<End>,
        usage: Option<WireUsage>,
    },
    MessageStop,
    Error {
        error: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct End {
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Start {
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockDelta {
    TextDelta {
        text: String,
    },
    InputJsonDelta {
        partial_json: String,
    },
    ThinkingDelta {
        thinking: String,
    },
    SignatureDelta {
        signature: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Default, Deserialize)]
struct WireUsage {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

/// What has arrived of an answer.
#[derive(Default)]
pub(super) struct Answer {
    arrived: Arrived,
    blocks: Vec<Block>,
}

enum Block {
    Text,
    Call(ToolCall),
    /// In the shape in which it is sent back.
    Thinking(Value),
}

impl wire::Answer for Answer {
    fn is_finished(&self) -> bool {
        self.arrived.is_finished
    }

    fn is_over(&self) -> bool {
        self.arrived.is_finished
    }

    fn take(&mut self, data: &str, secrets: &Secrets, sink: Sink<'_>) -> Result<(), ProviderError> {
        let event =
            serde_json::from_str(data).map_err(|error| not_understood(data, &error, secrets))?;
        match event {
            Event::MessageStart { message } => self.count(message.usage),
            Event::ContentBlockStart { index, content_block } => {
                self.begin(index, &content_block, sink)?;
            }
            Event::ContentBlockDelta { index, delta } => self.go_on(index, delta, sink),
            Event::MessageDelta { delta, usage } => {
                let reason = delta.and_then(|delta| delta.stop_reason);
                self.arrived.stop = reason.map_or(self.arrived.stop, |reason| stop_of(&reason));
                self.count(usage);
            }
            Event::MessageStop => self.arrived.is_finished = true,
            Event::Error { error } => return Err(Failure::in_stream(&error).into_error(secrets)),
            Event::Other => {}
        }
        self.arrived.check()
    }

    fn completion(self) -> Completion {
        let Arrived { usage, stop, .. } = self.arrived;
        let mut completion = Completion { usage, stop, ..Completion::default() };
        let mut thoughts = Vec::new();
        for block in self.blocks {
            match block {
                Block::Text => {}
                Block::Call(call) => completion.tool_calls.push(call),
                Block::Thinking(thought) => thoughts.push(thought),
            }
        }
        completion.thinking = (!thoughts.is_empty()).then_some(Value::Array(thoughts));
        completion
    }
}

impl Answer {
    /// Later numbers take the place of earlier ones. What was read from the cache is part of the
    /// question.
    fn count(&mut self, usage: Option<WireUsage>) {
        let usage = usage.unwrap_or_default();
        let parts =
            [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens];
        let input = parts.into_iter().flatten().fold(0, u64::saturating_add);
        let counted = &mut self.arrived.usage;
        counted.output_tokens = usage.output_tokens.unwrap_or(counted.output_tokens);
        if input > 0 {
            counted.input_tokens = input;
            counted.cached_tokens = usage.cache_read_input_tokens.unwrap_or_default();
        }
    }

    fn begin(&mut self, index: usize, block: &Value, sink: Sink<'_>) -> Result<(), ProviderError> {
        if index != self.blocks.len() || index >= MAX_CALLS {
            return Err(ProviderError::new(
                ErrorKind::BadResponse,
                "the parts of the answer are not in order",
            ));
        }
        let text = |key: &str| block[key].as_str().unwrap_or_default();
        self.blocks.push(match text("type") {
            "tool_use" => Block::Call(ToolCall::new(text("id"), text("name"), "")),
            "thinking" | "redacted_thinking" => Block::Thinking(block.clone()),
            _ => Block::Text,
        });
        self.arrived.bytes += text("data").len();
        if !text("text").is_empty() {
            sink(Delta::Text(text("text")));
        }
        Ok(())
    }

    fn go_on(&mut self, index: usize, delta: BlockDelta, sink: Sink<'_>) {
        match (self.blocks.get_mut(index), delta) {
            (Some(Block::Text), BlockDelta::TextDelta { text }) => {
                self.arrived.bytes += text.len();
                sink(Delta::Text(&text));
            }
            (Some(Block::Call(call)), BlockDelta::InputJsonDelta { partial_json }) => {
                self.arrived.bytes += partial_json.len();
                call.function.arguments.push_str(&partial_json);
            }
            (Some(Block::Thinking(block)), BlockDelta::ThinkingDelta { thinking }) => {
                self.arrived.bytes += thinking.len();
                append(block, "thinking", &thinking);
                sink(Delta::Reasoning(&thinking));
            }
            (Some(Block::Thinking(block)), BlockDelta::SignatureDelta { signature }) => {
                self.arrived.bytes += signature.len();
                append(block, "signature", &signature);
            }
            _ => {}
        }
    }
}

/// See [Claude API/Stop reasons](https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons).
fn stop_of(reason: &str) -> Stop {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Stop::Length,
        "refusal" => Stop::Refused,
        _ => Stop::Complete,
    }
}

/// Appends to a text in an object.
fn append(object: &mut Value, key: &str, more: &str) {
    if let Value::String(text) = &mut object[key] {
        text.push_str(more);
    } else {
        object[key] = json!(more);
    }
}
