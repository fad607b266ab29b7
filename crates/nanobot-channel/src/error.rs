use std::borrow::Cow;
use std::time::Duration;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failure of a channel.
///
/// [`kind`](Self::kind) answers what a program may do about it, the text says what was being done,
/// and the cause is in `source()`.
#[derive(Debug, thiserror::Error)]
#[error("{action}")]
pub struct ChannelError {
    kind: ErrorKind,
    action: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    log: Vec<String>,
    #[source]
    source: Option<Source>,
}

/// What a program may do about a [`ChannelError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call or the config is wrong; repeating it cannot help.
    Invalid,
    /// The channel cannot do this at all; do less (whole text instead of a stream).
    Unsupported,
    /// The caller took the call back.
    Cancelled,
    /// Too much at once; try again after [`ChannelError::retry_after`]. Nothing was stored.
    Overloaded,
    /// Not connected yet; try again when it is.
    NotReady,
    /// The platform refused the credentials; a person must log in or change the token.
    Auth,
    /// The platform asked to wait for [`ChannelError::retry_after`].
    RateLimited,
    /// The platform could not be reached; try again.
    Network,
    /// The platform refused this message; never try it again.
    Rejected,
    /// The chat does not exist any more.
    NotFound,
    /// Anything else, a bug included.
    Internal,
}

impl ErrorKind {
    /// The word for this kind in logs and on the plugin link.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unsupported => "unsupported",
            Self::Cancelled => "cancelled",
            Self::Overloaded => "overloaded",
            Self::NotReady => "not_ready",
            Self::Auth => "auth",
            Self::RateLimited => "rate_limited",
            Self::Network => "network",
            Self::Rejected => "rejected",
            Self::NotFound => "not_found",
            Self::Internal => "internal",
        }
    }
}

impl ChannelError {
    /// A failure of `action`, written like "failed to open the event stream".
    #[must_use]
    pub fn new(kind: ErrorKind, action: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            action: action.into(),
            hint: None,
            retry_after: None,
            log: Vec::new(),
            source: None,
        }
    }

    /// The call or the config is wrong.
    #[must_use]
    pub fn invalid(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, action)
    }

    /// The channel cannot do this at all.
    #[must_use]
    pub fn unsupported(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, action)
    }

    /// The platform could not be reached.
    #[must_use]
    pub fn network(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Network, action)
    }

    /// The platform refused the message.
    #[must_use]
    pub fn rejected(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Rejected, action)
    }

    /// The platform refused the credentials.
    #[must_use]
    pub fn auth(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Auth, action)
    }

    /// Anything else.
    #[must_use]
    pub fn internal(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, action)
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds how long to wait before trying again.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Adds what a person can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the last lines of the log of what failed, oldest first, each without its end of line.
    #[must_use]
    pub fn with_log(mut self, lines: Vec<String>) -> Self {
        self.log = lines;
        self
    }

    /// What a program may do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How long to wait before trying again, where the platform said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The last lines of the log of what failed; empty if it has none of its own.
    #[must_use]
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// The text with all its causes in one line, for logs and status pages.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = self.action.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_joins_the_text_with_its_causes() {
        let cause = std::io::Error::other("connection refused");
        let error = ChannelError::network("failed to post the reply").with_source(cause);
        assert_eq!(error.report(), "failed to post the reply: connection refused");
    }
}
