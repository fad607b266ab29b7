//! A model behind the protocol of Gemini, streamed.
//!
//! See [Gemini API/Generating content](https://ai.google.dev/api/generate-content) and
//! [function calling](https://ai.google.dev/gemini-api/docs/function-calling).

mod contents;
mod request;
mod response;
mod schema;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};

use crate::provider::{
    Completion, Delta, ErrorKind, ModelProvider, ModelRequest, ProviderError, Selection,
};
use crate::settings::ModelSettings;
use crate::tool_call::ToolCall;
use crate::wire::{Endpoint, key_header, key_of};

use request::Parameters;
use response::Answer;

const KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
/// End of a base URL at which Gemini speaks the protocol of OpenAI instead.
const OPENAI_BASE: &str = "/openai";

/// A model at an endpoint of Gemini.
pub(crate) struct GeminiModel {
    endpoint: Endpoint,
    parameters: Parameters,
}

impl GeminiModel {
    /// Whether this protocol is spoken at a base URL.
    pub(crate) fn is_spoken_at(base: &str) -> bool {
        !base.ends_with(OPENAI_BASE)
    }

    pub(crate) fn new(
        selection: &Selection,
        settings: &ModelSettings,
    ) -> Result<Self, ProviderError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key_of(selection, settings) {
            headers.insert(KEY, key_header(&key)?);
        }
        let path = format!("{}:streamGenerateContent?alt=sse", resource(&selection.model)?);
        let configured = settings.of(&selection.name).cloned().unwrap_or_default();
        Ok(Self {
            endpoint: Endpoint::new(selection, settings, &path, headers)?,
            parameters: Parameters::new(selection, settings, &configured.extra_body),
        })
    }
}

#[async_trait]
impl ModelProvider for GeminiModel {
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

/// The path of a model: tuned models name their own kind.
fn resource(model: &str) -> Result<String, ProviderError> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./@".contains(letter);
    if model.is_empty() || !model.chars().all(is_plain) || model.contains("..") {
        let action = "the model's name has characters that no URL may have";
        return Err(ProviderError::new(ErrorKind::Rejected, action));
    }
    let is_whole = model.starts_with("models/") || model.starts_with("tunedModels/");
    Ok(if is_whole { model.to_owned() } else { format!("models/{model}") })
}

/// What Gemini wants back with a call. It is kept as the OpenAI-compatible endpoint writes it, so
/// that a conversation can go on with either.
fn signature_of(call: &ToolCall) -> Option<&str> {
    call.extra.get("extra_content")?.pointer("/google/thought_signature")?.as_str()
}

fn sign(call: &mut ToolCall, signature: &str) {
    let content = json!({"google": {"thought_signature": signature}});
    call.extra.insert("extra_content".to_owned(), content);
}

/// Adds an object of the configuration to ours, key by key; `null` takes a key away.
fn merge(into: &mut Map<String, Value>, extra: &Map<String, Value>) {
    for (name, value) in extra {
        match (into.get_mut(name), value) {
            (_, Value::Null) => {
                into.remove(name);
            }
            (Some(Value::Object(ours)), Value::Object(theirs)) => merge(ours, theirs),
            _ => {
                into.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_resources() {
        let path = |model| resource(model).map_err(|error| error.kind());
        assert_eq!(path("gemini-2.5-pro"), Ok("models/gemini-2.5-pro".to_owned()));
        assert_eq!(path("tunedModels/tea-1"), Ok("tunedModels/tea-1".to_owned()));
        for bad in ["", "a b", "x?alt=json", "../secrets", "a:b"] {
            assert_eq!(path(bad), Err(ErrorKind::Rejected), "{bad}");
        }
    }
}
