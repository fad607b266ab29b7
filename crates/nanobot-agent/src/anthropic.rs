//! A model behind the Messages protocol of Anthropic, streamed.
//!
//! See [Claude API/Messages](https://platform.claude.com/docs/en/api/messages) and
//! [streaming](https://platform.claude.com/docs/en/build-with-claude/streaming).

mod request;
mod response;
mod thinking;
mod versions;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::provider::{Completion, Delta, ModelProvider, ModelRequest, ProviderError, Selection};
use crate::settings::ModelSettings;
use crate::wire::{Endpoint, key_header, key_of};

use request::Parameters;
use response::Answer;

const KEY: HeaderName = HeaderName::from_static("x-api-key");
const VERSION: HeaderName = HeaderName::from_static("anthropic-version");

/// A model at an endpoint of Anthropic.
pub(crate) struct AnthropicModel {
    endpoint: Endpoint,
    parameters: Parameters,
}

impl AnthropicModel {
    pub(crate) fn new(
        selection: &Selection,
        settings: &ModelSettings,
    ) -> Result<Self, ProviderError> {
        let mut headers = HeaderMap::new();
        headers.insert(VERSION, HeaderValue::from_static("2023-06-01"));
        if let Some(key) = key_of(selection, settings) {
            headers.insert(KEY, key_header(&key)?);
        }
        let configured = settings.of(&selection.name).cloned().unwrap_or_default();
        Ok(Self {
            endpoint: Endpoint::new(selection, settings, "messages", headers)?,
            parameters: Parameters::new(selection, settings, &configured.extra_body),
        })
    }
}

#[async_trait]
impl ModelProvider for AnthropicModel {
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
