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
use crate::wire::{Arrived, Endpoint, Sink, key_header, key_of};

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
        let mut events = self.endpoint.open(self.parameters.body(request)?).await?;
        let mut answer = Answer::default();
        loop {
            match self.endpoint.next(&mut events, answer.arrived.is_finished).await? {
                None if answer.arrived.is_finished => return Ok(answer.completion()),
                None => return Err(events.early_end()),
                Some(data) if data.trim() == "[DONE]" => return Ok(answer.completion()),
                Some(data) => answer.take(Chunk::parse(data, self.endpoint.secrets())?, sink)?,
            }
        }
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
}

impl Answer {
    fn take(&mut self, chunk: Chunk, sink: Sink<'_>) -> Result<(), ProviderError> {
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
