//! Why a model did not answer.

use std::error::Error;
use std::time::Duration;

/// What the program, or the person, can do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Key missing, wrong or without permission: a person must change it.
    Auth,
    /// Account without credit: a person must pay.
    Quota,
    /// Provider does not know the model.
    ModelNotFound,
    /// Conversation does not fit into the model.
    ContextTooLong,
    /// Asked too often; try again later.
    RateLimited,
    /// Provider is overloaded or broken; try again later.
    Overloaded,
    /// Connection failed or broke; try again.
    Network,
    /// Nothing arrived for too long.
    Stalled,
    /// What arrived is not an answer in the expected format.
    BadResponse,
    /// Provider refused the request; the same request will be refused again.
    Rejected,
}

/// A failure to get an answer from a model.
#[derive(Debug, thiserror::Error)]
#[error("{action}")]
pub struct ProviderError {
    action: &'static str,
    kind: ErrorKind,
    status: Option<u16>,
    retry_after: Option<Duration>,
    excerpt: Option<String>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ProviderError {
    /// A failure while doing `action`, e.g. "failed to reach the model provider".
    #[must_use]
    pub fn new(kind: ErrorKind, action: &'static str) -> Self {
        Self { action, kind, status: None, retry_after: None, excerpt: None, source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds how long the provider asks us to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Adds what the provider said; it must be short and free of secrets.
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: String) -> Self {
        self.excerpt = Some(excerpt).filter(|excerpt| !excerpt.is_empty());
        self
    }

    /// What can be done about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// HTTP status, if there was an HTTP answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// How long the provider asks us to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Short part of what the provider said, without secrets.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.excerpt.as_deref()
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use ErrorKind::{Network, Overloaded, RateLimited, Stalled};
        matches!(self.kind, RateLimited | Overloaded | Network | Stalled)
    }
}
