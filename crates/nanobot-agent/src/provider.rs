//! What the agent asks of a model, whoever provides it.
//!
//! The clients of the wires are our own, on `reqwest` and a bounded line codec, and not the
//! library genai (0.7.2), which speaks more wires. Its source was read for what we need: status and
//! `Retry-After` of a failed call can be had (through a downcast while streaming), a call is
//! cancelled by dropping it, and usage and reasoning are kept apart. But an event of a stream and
//! the body of an error may grow without a limit, and an unfinished event is copied again for each
//! block that arrives; provider texts are logged at the level ERROR, which we never do; and it
//! turns on `gzip`, `charset` and `http2` of the shared `reqwest`, for 1.5 MB and 29 crates. None
//! of this can be switched off from outside. Further wires fit behind [`ModelProvider`], with either.

mod error;
mod http;
mod registry;
mod select;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::message::Role;
use crate::tool_call::ToolCall;

pub use error::{ErrorKind, ProviderError};
pub(crate) use http::{HttpClient, install_tls, is_loopback};
pub(crate) use registry::same_name;
pub use registry::{ModelName, PROVIDERS, Placement, ProviderSpec, Wire, find};
pub use select::{Selection, SelectionError, select};

/// A model that can be asked.
#[async_trait]
pub trait ModelProvider: Send + Sync {
    /// Asks the model and hands each piece of the answer to `sink` as it arrives.
    ///
    /// Dropping the future ends the call.
    ///
    /// # Errors
    ///
    /// Returns why the answer did not arrive, or not to the end; pieces handed over before are
    /// valid.
    async fn stream(
        &self,
        request: ModelRequest<'_>,
        sink: &mut (dyn for<'a> FnMut(Delta<'a>) + Send),
    ) -> Result<Completion, ProviderError>;

    /// Does slow preparations, so that the first turn need not wait for them.
    fn warm_up(&self) {}
}

/// One question to a model.
#[derive(Debug, Clone, Copy)]
pub struct ModelRequest<'a> {
    /// Instructions; the same text for as long as possible, so that providers can cache it.
    pub system: &'a str,
    /// What was said before, oldest first.
    pub history: &'a [PastMessage<'a>],
    /// Facts about this moment, put before the text.
    pub context: &'a str,
    /// What the person says now.
    pub text: &'a str,
    /// Pictures that came with the text.
    pub images: &'a [Image],
    /// What the model and its tools said since, in this turn.
    pub rounds: &'a [PastMessage<'a>],
    /// Tools that the model may call.
    pub tools: &'a [Arc<ToolSpec>],
}

/// One earlier message. Each call of a tool is followed by its result before anything else is said.
#[derive(Debug, Clone, PartialEq)]
pub struct PastMessage<'a> {
    /// Who said it: [`Role::User`], [`Role::Assistant`] or [`Role::Tool`].
    pub role: Role,
    /// What was said.
    pub content: &'a str,
    /// Tools that the model called.
    pub tool_calls: Vec<ToolCall>,
    /// Call that this is the result of.
    pub tool_call_id: Option<&'a str>,
    /// Thoughts that the provider wants to see again, in its own shape.
    pub thinking: Option<&'a Value>,
    /// Reasoning that stood beside the answer.
    pub reasoning: Option<&'a str>,
}

impl<'a> PastMessage<'a> {
    /// A message that is only text.
    #[must_use]
    pub fn text(role: Role, content: &'a str) -> Self {
        Self {
            role,
            content,
            tool_calls: Vec::new(),
            tool_call_id: None,
            thinking: None,
            reasoning: None,
        }
    }
}

/// What a model is told about a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Name by which it is called.
    pub name: String,
    /// What it does, and when to use it.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// A picture for a model.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// Media type, such as `image/png`.
    pub media_type: &'static str,
    /// Content in Base64.
    pub base64: String,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({} characters)", self.media_type, self.base64.len())
    }
}

/// A piece of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delta<'a> {
    /// Text for the person.
    Text(&'a str),
    /// Reasoning that the provider keeps apart; not shown.
    Reasoning(&'a str),
}

/// The end of a complete answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Completion {
    /// Tokens used, as far as the provider said.
    pub usage: Usage,
    /// Tools that the model wants to call, in its order.
    pub tool_calls: Vec<ToolCall>,
    /// Thoughts that the provider wants to see again in the next rounds, in its own shape.
    pub thinking: Option<Value>,
    /// Why it ended.
    pub stop: Stop,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stop {
    /// The model had nothing more to say, or wants to use tools.
    #[default]
    Complete,
    /// It reached the limit of its length.
    Length,
    /// The provider, or the model, does not want to answer.
    Refused,
}

/// Tokens used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the question, those from the cache among them.
    pub input_tokens: u64,
    /// Tokens of the question that the provider had kept from an earlier one.
    pub cached_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(other.cached_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
    }
}
