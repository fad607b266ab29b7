//! What the agent asks of a model, whoever provides it.
//!
//! The client of the OpenAI wire is our own, on `reqwest` and a bounded line codec, and not the
//! library genai (0.7.2), which speaks more wires. Its source was read for what we need: status and
//! `Retry-After` of a failed call can be had (through a downcast while streaming), a call is
//! cancelled by dropping it, and usage and reasoning are kept apart. But an event of a stream and
//! the body of an error may grow without a limit, and an unfinished event is copied again for each
//! block that arrives; provider texts are logged at the level ERROR, which we never do; and it
//! turns on `gzip`, `charset` and `http2` of the shared `reqwest`, for 1.5 MB and 29 crates. None
//! of this can be switched off from outside. Further wires (Anthropic, Gemini and Ollama in their
//! own formats) fit behind [`ModelProvider`], with either.

mod error;
mod http;
mod registry;
mod select;

use async_trait::async_trait;

use crate::message::Role;

pub use error::{ErrorKind, ProviderError};
pub(crate) use http::{HttpClient, is_loopback};
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
}

/// One earlier message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastMessage<'a> {
    /// Who said it: [`Role::User`] or [`Role::Assistant`].
    pub role: Role,
    /// What was said.
    pub content: &'a str,
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Completion {
    /// Tokens used, as far as the provider said.
    pub usage: Usage,
}

/// Tokens used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the question.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
    }
}
