use std::time::Duration;

use nanobot_channel::{ChannelError, ErrorKind};
use nanobot_channel_kit::{ClientError, asked_pause};
use serde::Deserialize;

/// Pause when Discord asks for one without saying how long.
const UNSAID_WAIT: Duration = Duration::from_secs(1);
/// Longest piece of Discord's own words that is repeated.
const MAX_WORDS: usize = 200;

/// Codes of refusals.
/// See [Discord/JSON error codes](https://docs.discord.com/developers/topics/opcodes-and-status-codes#json).
pub(crate) mod code {
    pub(crate) const UNKNOWN_MESSAGE: u32 = 10008;
    pub(crate) const OLD_EDITS: u32 = 30046;
    pub(crate) const MISSING_ACCESS: u32 = 50001;
    pub(crate) const OTHERS_MESSAGE: u32 = 50005;
    pub(crate) const CANNOT_WRITE_TO_USER: u32 = 50007;
    pub(crate) const MISSING_PERMISSION: u32 = 50013;
    pub(crate) const INVALID_WEBHOOK_TOKEN: u32 = 50027;
    pub(crate) const NO_REPLY_WITHOUT_HISTORY: u32 = 160_002;
}

/// Why a call failed. Holds neither the token nor an address with one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// Discord said no.
    #[error("discord answered {status} ({code}): {message}")]
    Refused { status: u16, code: u32, message: String, retry_after: Option<Duration> },
    /// A rate limit that is known already; nothing was called.
    #[error("discord's rate limit is used up for {} ms", wait.as_millis())]
    Limited { wait: Duration },
    /// The token was refused before; nothing was called.
    #[error("discord has refused the token")]
    Revoked,
    /// The answer is not what the API documents; a proxy's error page for example.
    #[error("discord's answer with status {status} could not be read")]
    Unreadable { status: u16 },
    /// No answer.
    #[error("discord could not be reached")]
    Transport(#[source] reqwest::Error),
    /// A file could not be read or written.
    #[error("a file could not be handled")]
    File(#[from] std::io::Error),
    /// A file is larger than allowed.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge { max_bytes: u64 },
    /// A file lies at an address that is none of Discord's.
    #[error("the file's address is not one of discord's")]
    ForeignAddress,
    /// The proxy in the config cannot be used.
    #[error("the configured proxy is not a valid address")]
    Proxy,
}

/// What a refusal looks like. See [Discord/rate limits](https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit-rate-limit-response-structure).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Words {
    code: u32,
    message: String,
    /// In seconds.
    retry_after: Option<f64>,
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
    /// The address of a request may hold a token, so it is taken out of the error.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    /// Reads an answer that is no success. `header_wait` is its header `Retry-After`.
    pub(super) fn refused(status: u16, body: &[u8], header_wait: Option<Duration>) -> Self {
        let words: Words = match serde_json::from_slice(body) {
            Ok(words) => words,
            // Not Discord itself: what guards it, or a proxy.
            Err(_) if status == 429 => Words::default(),
            Err(_) => return Self::Unreadable { status },
        };
        let said = words.retry_after.and_then(asked_pause);
        let retry_after = (status == 429).then(|| said.or(header_wait).unwrap_or(UNSAID_WAIT));
        let message = words.message.chars().take(MAX_WORDS).collect();
        Self::Refused { status, code: words.code, message, retry_after }
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::Unreadable { status } => Some(*status),
            _ => None,
        }
    }

    /// True if Discord refused with one of these codes.
    pub(crate) fn is_code(&self, codes: &[u32]) -> bool {
        matches!(self, Self::Refused { code, .. } if codes.contains(code))
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Limited { wait } => Some(*wait),
            _ => None,
        }
    }

    /// True if the token is the reason.
    pub(crate) fn is_auth(&self) -> bool {
        match self {
            Self::Revoked => true,
            // The token of a command has an end, which says nothing about the bot's; and what is no
            // answer of Discord, a proxy's page for example, says nothing about either.
            Self::Refused { status: 401, code, .. } => *code != code::INVALID_WEBHOOK_TOKEN,
            _ => false,
        }
    }

    /// True if trying again later may help.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.kind(), ErrorKind::Network | ErrorKind::RateLimited)
    }

    /// The failure of `action` as the gateway understands it.
    pub(crate) fn into_channel_error(self, action: &'static str) -> ChannelError {
        let (kind, retry_after, hint) = (self.kind(), self.retry_after(), self.hint());
        let action =
            if kind == ErrorKind::Auth { "discord does not accept the token" } else { action };
        let mut error = ChannelError::new(kind, action).with_source(self);
        if let Some(wait) = retry_after {
            error = error.with_retry_after(wait);
        }
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            _ if self.is_auth() => ErrorKind::Auth,
            Self::Limited { .. } | Self::Refused { status: 429, .. } => ErrorKind::RateLimited,
            Self::Refused { status, .. } | Self::Unreadable { status } if *status >= 500 => {
                ErrorKind::Network
            }
            Self::Refused { status: 404, .. } => ErrorKind::NotFound,
            Self::Refused { .. } | Self::TooLarge { .. } | Self::ForeignAddress => {
                ErrorKind::Rejected
            }
            Self::Transport(_) | Self::Unreadable { .. } => ErrorKind::Network,
            Self::Proxy => ErrorKind::Invalid,
            Self::File(_) | Self::Revoked => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        if self.is_auth() {
            return Some(TOKEN_HINT);
        }
        match self {
            Self::Refused { code: code::MISSING_ACCESS | code::MISSING_PERMISSION, .. } => Some(
                "give the bot the permissions View Channel, Send Messages, Send Messages in \
                 Threads, Attach Files, Add Reactions and Read Message History in this channel",
            ),
            Self::Refused { code: code::CANNOT_WRITE_TO_USER, .. } => Some(
                "the person does not take private messages: they must share a server with the \
                 bot, and allow messages from its members",
            ),
            _ => None,
        }
    }
}

/// What to do about a token that is refused.
pub(crate) const TOKEN_HINT: &str = "get a new token at https://discord.com/developers/applications, page Bot, Reset Token, and put \
     it into channels.discord.token";

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> ApiError {
        ApiError::refused(status, body.as_bytes(), None)
    }

    #[track_caller]
    fn check(error: ApiError, kind: ErrorKind) {
        assert_eq!(error.into_channel_error("failed to send").kind(), kind);
    }

    #[test]
    fn each_refusal_says_what_may_be_done_about_it() {
        check(refused(401, r#"{"message": "401: Unauthorized", "code": 0}"#), ErrorKind::Auth);
        check(refused(401, r#"{"code": 50027}"#), ErrorKind::Rejected);
        check(refused(401, "<html>"), ErrorKind::Network);
        check(refused(403, r#"{"code": 50007}"#), ErrorKind::Rejected);
        check(refused(404, r#"{"code": 10003}"#), ErrorKind::NotFound);
        check(refused(400, r#"{"code": 50035}"#), ErrorKind::Rejected);
        check(refused(429, "error code: 1015"), ErrorKind::RateLimited);
        check(refused(502, "<html>"), ErrorKind::Network);
        check(refused(200, "<html>"), ErrorKind::Network);
        check(ApiError::Limited { wait: UNSAID_WAIT }, ErrorKind::RateLimited);
    }

    #[test]
    fn wrong_token_and_missing_permission_are_told_with_the_fix() {
        let error = refused(401, "{}").into_channel_error("failed");
        assert!(error.hint().unwrap().contains("Reset Token"));
        let error = refused(403, r#"{"code": 50013}"#).into_channel_error("failed");
        assert!(error.hint().unwrap().contains("Send Messages"));
    }

    #[test]
    fn rate_limit_always_says_how_long_to_wait() {
        let wait = |body: &str, header| {
            ApiError::refused(429, body.as_bytes(), header).retry_after().unwrap()
        };
        assert_eq!(wait(r#"{"retry_after": 0.25}"#, None), Duration::from_millis(250));
        assert_eq!(wait("blocked", Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(wait("{}", None), UNSAID_WAIT);
        assert_eq!(wait(r#"{"retry_after": 1e19}"#, None), Duration::from_secs(24 * 60 * 60));
    }
}
