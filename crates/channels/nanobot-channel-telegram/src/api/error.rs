use std::time::Duration;

use nanobot_channel::{ChannelError, ErrorKind};
use nanobot_channel_kit::ClientError;

/// Pause when Telegram asks for one without saying how long.
const UNSAID_WAIT: Duration = Duration::from_secs(1);

/// Why a call of the Bot API failed. Holds neither the token nor an address with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// Telegram said no.
    #[error("telegram answered {code}: {description}")]
    Refused {
        code: u16,
        description: String,
        retry_after: Option<Duration>,
        migrate_to: Option<i64>,
    },
    /// The answer is not what the Bot API documents; a proxy's error page for example.
    #[error("telegram's answer with status {status} could not be read")]
    Unreadable { status: u16 },
    /// No answer.
    #[error("telegram could not be reached")]
    Transport(#[source] reqwest::Error),
    /// A file could not be read or written.
    #[error("a file could not be handled")]
    File(#[from] std::io::Error),
    /// A file is larger than allowed.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge { max_bytes: u64 },
    /// The proxy in the config cannot be used.
    #[error("the configured proxy is not a valid address")]
    Proxy,
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Proxy => Self::Proxy,
            ClientError::Other(error) => Self::transport(error),
        }
    }
}

impl ApiError {
    /// The address of a request holds the token, so it is taken out of the error.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } | Self::Unreadable { status: code } => Some(*code),
            _ => None,
        }
    }

    /// True if Telegram refused with 400 and one of these reasons.
    pub(crate) fn says(&self, reasons: &[&str]) -> bool {
        let Self::Refused { code: 400, description, .. } = self else { return false };
        let description = description.to_lowercase();
        reasons.iter().any(|reason| description.contains(reason))
    }

    /// True if updates cannot be asked for because a webhook is set.
    pub(crate) fn is_webhook_conflict(&self) -> bool {
        matches!(self, Self::Refused { code: 409, description, .. } if description.contains("webhook"))
    }

    /// The group became a supergroup under this id.
    pub(crate) fn migrate_to(&self) -> Option<i64> {
        match self {
            Self::Refused { migrate_to, .. } => *migrate_to,
            _ => None,
        }
    }

    /// True if it is certain that the call had no effect.
    pub(crate) fn left_nothing(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::File(_) | Self::TooLarge { .. } | Self::Proxy => true,
            Self::Transport(error) => error.is_connect(),
            Self::Unreadable { .. } => false,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { code: 429, retry_after, .. } => {
                Some(retry_after.unwrap_or(UNSAID_WAIT))
            }
            _ => None,
        }
    }

    /// True if the token is the reason. A token that is not even of the right form is answered with
    /// 404, as if the method did not exist. Only Telegram's own answer counts: the page of a proxy says
    /// nothing about the token.
    pub(crate) fn is_auth(&self) -> bool {
        matches!(self, Self::Refused { code: 401 | 404, .. })
    }

    /// The failure of `action` as the gateway understands it.
    pub(crate) fn into_channel_error(self, action: &'static str) -> ChannelError {
        if self.is_auth() {
            return ChannelError::auth("telegram does not accept the token")
                .with_hint(
                    "get a new token from @BotFather and put it into channels.telegram.token",
                )
                .with_source(self);
        }
        let retry_after = self.retry_after();
        let error = ChannelError::new(self.kind(), action).with_source(self);
        match retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { code: 429, .. } => ErrorKind::RateLimited,
            Self::Refused { code, .. } | Self::Unreadable { status: code } if *code >= 500 => {
                ErrorKind::Network
            }
            Self::Refused { .. } if self.says(&["chat not found", "peer_id_invalid"]) => {
                ErrorKind::NotFound
            }
            Self::Refused { .. } | Self::TooLarge { .. } => ErrorKind::Rejected,
            // Nothing has left this machine, so the outcome is known: the gateway may repeat it
            // without the fear of a double.
            Self::Transport(error) if error.is_connect() => ErrorKind::NotReady,
            Self::Transport(_) | Self::Unreadable { .. } => ErrorKind::Network,
            Self::File(_) => ErrorKind::Rejected,
            Self::Proxy => ErrorKind::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, description: &str) -> ApiError {
        ApiError::Refused {
            code,
            description: description.to_owned(),
            retry_after: None,
            migrate_to: None,
        }
    }

    #[track_caller]
    fn check(error: ApiError, kind: ErrorKind) {
        assert_eq!(error.into_channel_error("failed to send").kind(), kind);
    }

    #[test]
    fn each_refusal_says_what_may_be_done_about_it() {
        check(refused(401, "Unauthorized"), ErrorKind::Auth);
        check(refused(404, "Not Found"), ErrorKind::Auth);
        check(refused(403, "Forbidden: bot was blocked by the user"), ErrorKind::Rejected);
        check(refused(400, "Bad Request: chat not found"), ErrorKind::NotFound);
        check(refused(400, "Bad Request: message is too long"), ErrorKind::Rejected);
        check(refused(429, "Too Many Requests"), ErrorKind::RateLimited);
        check(refused(502, "Bad Gateway"), ErrorKind::Network);
        check(ApiError::Unreadable { status: 200 }, ErrorKind::Network);
        // The page of a proxy says nothing about the token.
        check(ApiError::Unreadable { status: 404 }, ErrorKind::Network);
    }

    #[test]
    fn wrong_token_is_told_with_the_fix() {
        let error = refused(401, "Unauthorized").into_channel_error("failed to ask for updates");
        assert!(error.hint().unwrap().contains("@BotFather"));
    }

    #[test]
    fn rate_limit_always_says_how_long_to_wait() {
        let error = refused(429, "Too Many Requests").into_channel_error("failed to send");
        assert_eq!(error.retry_after(), Some(UNSAID_WAIT));
    }
}
