//! What all protocols of providers share: asking over HTTP, reading events, judging failures.

mod events;
mod failure;
mod secrets;

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use crate::provider::{Completion, ErrorKind, HttpClient, ProviderError, Selection, Stop, Usage};
use crate::settings::{ModelSettings, ProviderSettings};
use crate::tool_call::ToolCall;

use events::EventStream;
pub(crate) use failure::Failure;
pub(crate) use secrets::Secrets;

/// Text of one answer; far above what any model writes.
pub(crate) const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Calls of tools in one answer; far above what any model asks for.
pub(crate) const MAX_CALLS: usize = 128;

/// Longest wait for what may follow a finished answer: how many tokens it took, and a mark.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Takes the pieces of an answer.
pub(crate) type Sink<'s> = &'s mut (dyn for<'a> FnMut(crate::provider::Delta<'a>) + Send);

/// Where a model is asked.
pub(crate) struct Endpoint {
    http: HttpClient,
    url: String,
    headers: HeaderMap,
    stall_timeout: Duration,
    secrets: Secrets,
}

impl Endpoint {
    /// The endpoint at `path` below the base of a provider; `key` are the headers that carry the
    /// key, and whatever the protocol wants beside them.
    pub(crate) fn new(
        selection: &Selection,
        settings: &ModelSettings,
        path: &str,
        key: HeaderMap,
    ) -> Result<Self, ProviderError> {
        let configured = settings.of(&selection.name).cloned().unwrap_or_default();
        let mut headers = key;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &configured.extra_headers {
            let (name, value) = extra_header(name, value.expose_secret())?;
            headers.insert(name, value);
        }
        Ok(Self {
            http: HttpClient::new(
                &selection.base,
                settings.connect_timeout,
                configured.proxy.clone(),
            ),
            url: format!("{}/{path}", selection.base),
            headers,
            stall_timeout: settings.stall_timeout,
            secrets: Secrets::new(&configured),
        })
    }

    pub(crate) fn warm_up(&self) {
        // A failure comes again, and is told, with the first request.
        let _client = self.http.get();
    }

    /// Asks, and takes the answer event by event until it is over.
    pub(crate) async fn ask<A: Answer>(
        &self,
        body: Vec<u8>,
        sink: Sink<'_>,
    ) -> Result<Completion, ProviderError> {
        let mut events = self.open(body).await?;
        let mut answer = A::default();
        while !answer.is_over() {
            match self.next(&mut events, answer.is_finished()).await? {
                Some(data) => answer.take(data, &self.secrets, sink)?,
                None if answer.is_finished() => break,
                None => return Err(events.early_end()),
            }
        }
        Ok(answer.completion())
    }

    /// Sends a request, and opens the stream of its answer.
    async fn open(&self, body: Vec<u8>) -> Result<EventStream, ProviderError> {
        let request = self.http.get()?.post(&self.url).headers(self.headers.clone()).body(body);
        let response = self.in_time(request.send()).await?;
        let response = response.map_err(|error| {
            ProviderError::new(ErrorKind::Network, "failed to reach the model provider")
                .with_source(error.without_url())
        })?;
        if response.status().is_success() {
            return Ok(EventStream::new(response));
        }
        Err(self.in_time(Failure::read(response)).await?.into_error(&self.secrets))
    }

    /// The data of the next event, or nothing at the end. After a finished answer nothing needs to
    /// follow: however the server ends it then, and if it never does, this is the end.
    async fn next<'e>(
        &self,
        events: &'e mut EventStream,
        is_finished: bool,
    ) -> Result<Option<&'e str>, ProviderError> {
        if is_finished {
            return Ok(timeout(LAST_WORDS, events.next())
                .await
                .ok()
                .and_then(Result::ok)
                .flatten());
        }
        self.in_time(events.next()).await?
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, ProviderError> {
        timeout(self.stall_timeout, work).await.map_err(|_| {
            ProviderError::new(ErrorKind::Stalled, "the model provider stopped answering")
        })
    }
}

/// What a protocol makes of the events of an answer.
pub(crate) trait Answer: Default + Send {
    /// Takes the data of an event; hands what is said to `sink`.
    fn take(&mut self, data: &str, secrets: &Secrets, sink: Sink<'_>) -> Result<(), ProviderError>;

    /// Whether the answer is whole; something about it may follow.
    fn is_finished(&self) -> bool;

    /// Whether nothing follows.
    fn is_over(&self) -> bool;

    fn completion(self) -> Completion;
}

/// What has arrived of an answer.
#[derive(Default)]
pub(crate) struct Arrived {
    pub(crate) bytes: usize,
    pub(crate) usage: Usage,
    pub(crate) stop: Stop,
    pub(crate) is_finished: bool,
}

impl Arrived {
    /// Refuses an answer without an end.
    pub(crate) fn check(&self) -> Result<(), ProviderError> {
        if self.bytes <= MAX_ANSWER_BYTES {
            return Ok(());
        }
        Err(ProviderError::new(ErrorKind::BadResponse, "the answer has no end"))
    }
}

/// A header that carries a key.
pub(crate) fn key_header(value: &str) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::from_str(value.trim()).map_err(|error| {
        ProviderError::new(ErrorKind::Auth, "the API key has characters that no header may have")
            .with_source(error)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The key of a selected provider.
pub(crate) fn key_of(selection: &Selection, settings: &ModelSettings) -> Option<String> {
    let key = settings.of(&selection.name).and_then(ProviderSettings::key)?;
    Some(key.expose_secret().trim().to_owned())
}

/// An event that cannot be read. Where it is wrong is told without the words of the error: they
/// repeat the event, and so what people wrote.
pub(crate) fn not_understood(
    data: &str,
    error: &serde_json::Error,
    secrets: &Secrets,
) -> ProviderError {
    ProviderError::new(ErrorKind::BadResponse, "an event of the answer is not understood")
        .with_excerpt(secrets.excerpt(data))
        .with_source(format!("{:?} error at column {}", error.classify(), error.column()))
}

/// Writes the body of a request.
pub(crate) fn body_of(body: &impl serde::Serialize) -> Result<Vec<u8>, ProviderError> {
    serde_json::to_vec(body).map_err(|error| {
        ProviderError::new(ErrorKind::Rejected, "failed to write the request").with_source(error)
    })
}

/// Arguments of a call as an object, for protocols that want them so.
pub(crate) fn object_of(call: &ToolCall) -> serde_json::Value {
    serde_json::Value::Object(call.arguments().unwrap_or_default())
}

/// A header that a person configured.
pub(crate) fn extra_header(
    name: &str,
    value: &str,
) -> Result<(HeaderName, HeaderValue), ProviderError> {
    let bad = || ProviderError::new(ErrorKind::Rejected, "an extra header is not valid");
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| bad().with_source(error))?;
    let mut value = HeaderValue::from_str(value).map_err(|error| bad().with_source(error))?;
    value.set_sensitive(true);
    Ok((name, value))
}
