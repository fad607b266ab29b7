//! A model behind the OpenAI Chat Completions protocol, streamed.
//!
//! See [OpenAI API/Chat](https://platform.openai.com/docs/api-reference/chat-streaming).

mod events;
mod failure;
mod request;
mod response;
mod secrets;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use crate::provider::{
    Completion, Delta, ErrorKind, HttpClient, ModelProvider, ModelRequest, ProviderError,
    Selection, Usage,
};
use crate::settings::{ModelSettings, ProviderSettings};

use events::EventStream;
use failure::Failure;
use request::Parameters;
use response::Chunk;
use secrets::Secrets;

/// Text of one answer; far above what any model writes.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

type Sink<'s> = &'s mut (dyn for<'a> FnMut(Delta<'a>) + Send);

/// A model at an OpenAI-compatible endpoint.
pub(crate) struct OpenAiModel {
    http: HttpClient,
    url: String,
    headers: HeaderMap,
    parameters: Parameters,
    stall_timeout: Duration,
    secrets: Secrets,
}

impl OpenAiModel {
    pub(crate) fn new(
        selection: &Selection,
        settings: &ModelSettings,
    ) -> Result<Self, ProviderError> {
        let configured = settings.of(&selection.name).cloned().unwrap_or_default();
        Ok(Self {
            http: HttpClient::new(
                &selection.base,
                settings.connect_timeout,
                configured.proxy.clone(),
            ),
            url: format!("{}/chat/completions", selection.base),
            headers: headers(&configured)?,
            parameters: Parameters::new(selection, settings, &configured.extra_body),
            stall_timeout: settings.stall_timeout,
            secrets: Secrets::new(&configured),
        })
    }

    async fn open(&self, request: ModelRequest<'_>) -> Result<reqwest::Response, ProviderError> {
        let body = self.parameters.body(request)?;
        let sent = self.http.get()?.post(&self.url).headers(self.headers.clone()).body(body).send();
        let response = timeout(self.stall_timeout, sent).await.map_err(|_| stalled())?;
        let response = response.map_err(|error| {
            ProviderError::new(ErrorKind::Network, "failed to reach the model provider")
                .with_source(error.without_url())
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(timeout(self.stall_timeout, Failure::read(response))
            .await
            .map_err(|_| stalled())?
            .into_error(&self.secrets))
    }

    async fn read(
        &self,
        response: reqwest::Response,
        sink: Sink<'_>,
    ) -> Result<Completion, ProviderError> {
        let mut events = EventStream::new(response);
        let mut answer = Answer::default();
        loop {
            let event =
                timeout(self.stall_timeout, events.next()).await.map_err(|_| stalled())??;
            match event {
                None if answer.is_finished => return Ok(answer.completion()),
                None => return Err(events.early_end()),
                Some(data) if data.trim() == "[DONE]" => return Ok(answer.completion()),
                Some(data) => answer.take(Chunk::parse(data, &self.secrets)?, sink)?,
            }
        }
    }
}

#[async_trait]
impl ModelProvider for OpenAiModel {
    async fn stream(
        &self,
        request: ModelRequest<'_>,
        sink: &mut (dyn for<'a> FnMut(Delta<'a>) + Send),
    ) -> Result<Completion, ProviderError> {
        let response = self.open(request).await?;
        self.read(response, sink).await
    }

    fn warm_up(&self) {
        // A failure comes again, and is told, with the first request.
        let _client = self.http.get();
    }
}

/// What has arrived of an answer.
#[derive(Default)]
struct Answer {
    bytes: usize,
    usage: Usage,
    is_finished: bool,
}

impl Answer {
    fn take(&mut self, chunk: Chunk, sink: Sink<'_>) -> Result<(), ProviderError> {
        if let Some(usage) = chunk.usage {
            self.usage = usage.into();
        }
        for choice in chunk.choices.into_iter().flatten().take(1) {
            self.is_finished |= choice.finish_reason.is_some();
            for (is_text, piece) in choice.pieces() {
                self.bytes += piece.len();
                sink(if is_text { Delta::Text(&piece) } else { Delta::Reasoning(&piece) });
            }
        }
        if self.bytes > MAX_ANSWER_BYTES {
            return Err(ProviderError::new(ErrorKind::BadResponse, "the answer has no end"));
        }
        Ok(())
    }

    fn completion(&self) -> Completion {
        Completion { usage: self.usage }
    }
}

fn stalled() -> ProviderError {
    ProviderError::new(ErrorKind::Stalled, "the model provider stopped answering")
}

fn headers(configured: &ProviderSettings) -> Result<HeaderMap, ProviderError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(key) = configured.key() {
        let value = format!("Bearer {}", key.expose_secret().trim());
        let mut value = HeaderValue::from_str(&value).map_err(|error| {
            ProviderError::new(
                ErrorKind::Auth,
                "the API key has characters that no header may have",
            )
            .with_source(error)
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    for (name, value) in &configured.extra_headers {
        let (name, value) = extra_header(name, value.expose_secret())?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn extra_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), ProviderError> {
    let bad = || ProviderError::new(ErrorKind::Rejected, "an extra header is not valid");
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| bad().with_source(error))?;
    let mut value = HeaderValue::from_str(value).map_err(|error| bad().with_source(error))?;
    value.set_sensitive(true);
    Ok((name, value))
}
