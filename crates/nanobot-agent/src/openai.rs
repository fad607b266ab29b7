//! A model behind the OpenAI Chat Completions protocol, streamed.
//!
//! See [OpenAI API/Chat](https://platform.openai.com/docs/api-reference/chat-streaming).

mod messages;
mod request;
mod response;
mod tool_calls;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap};

use crate::provider::{Completion, Delta, ModelProvider, ModelRequest, ProviderError, Selection};
use crate::settings::ModelSettings;
use crate::wire::{self, Arrived, Endpoint, Secrets, Sink, key_header, key_of};

use request::Parameters;
use response::{Chunk, Piece};
use tool_calls::ToolCalls;

/// A model at an OpenAI-compatible endpoint.
pub(crate) struct OpenAiModel {
    endpoint: Endpoint,
    parameters: Parameters,
}

impl OpenAiModel {
    pub(crate) fn new(
        selection: &Selection,
        settings: &ModelSettings,
    ) -> Result<Self, ProviderError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key_of(selection, settings) {
            headers.insert(AUTHORIZATION, key_header(&format!("Bearer {key}"))?);
        }
        let configured = settings.of(&selection.name).cloned().unwrap_or_default();
        Ok(Self {
            endpoint: Endpoint::new(selection, settings, "chat/completions", headers)?,
            parameters: Parameters::new(selection, settings, &configured.extra_body),
        })
    }
}

#[async_trait]
impl ModelProvider for OpenAiModel {
    async fn stream(
        &self,
        request: ModelRequest<'_>,
        sink: &mut (dyn for<'a> FnMut(Delta<'a>) + Send),
    ) -> Result<Completion, ProviderError> {
        self.endpoint.ask::<Answer>(self.parameters.body(request)?, sink).await
    }

    fn warm_up(&self) {
        self.endpoint.warm_up();
    }
}

/// What has arrived of an answer.
#[derive(Default)]
struct Answer {
    arrived: Arrived,
    tool_calls: ToolCalls,
    is_over: bool,
}

impl wire::Answer for Answer {
    fn is_finished(&self) -> bool {
        self.arrived.is_finished
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn take(&mut self, data: &str, secrets: &Secrets, sink: Sink<'_>) -> Result<(), ProviderError> {
        self.is_over = data.trim() == "[DONE]";
        if self.is_over {
            return Ok(());
        }
        let chunk = Chunk::parse(data, secrets)?;
        let arrived = &mut self.arrived;
        if let Some(usage) = chunk.usage {
            arrived.usage = usage.into();
        }
        for choice in chunk.choices.into_iter().flatten().take(1) {
            if let Some(stop) = choice.stop() {
                arrived.is_finished = true;
                arrived.stop = stop;
            }
            for piece in choice.pieces() {
                match piece {
                    Piece::Text(text) => {
                        arrived.bytes += text.len();
                        sink(Delta::Text(&text));
                    }
                    Piece::Reasoning(text) => {
                        arrived.bytes += text.len();
                        sink(Delta::Reasoning(&text));
                    }
                    Piece::ToolCall(piece) => arrived.bytes += self.tool_calls.take(piece),
                }
            }
        }
        arrived.check()
    }

    fn completion(self) -> Completion {
        Completion {
            usage: self.arrived.usage,
            tool_calls: self.tool_calls.into_calls(),
            stop: self.arrived.stop,
            ..Completion::default()
        }
    }
}
