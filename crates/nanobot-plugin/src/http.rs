//! What channels that speak HTTP decide alike: which error a platform's status means, and which
//! status a webhook answers with.

use std::time::Duration;

use nanobot_channel::{Acceptance, ChannelError, ErrorKind};

/// Judges the status of a platform's answer; `retry_after` is the header of that name.
///
/// | status | error |
/// |---|---|
/// | 2xx | none |
/// | 429 | `RateLimited`, after `retry_after` or a second |
/// | 408, 425, 5xx | `Network`, to be tried again |
/// | others | `Rejected` |
///
/// Where 401 means that the channel's own credentials are wrong, look for it first and return
/// [`ChannelError::auth`].
///
/// # Errors
///
/// See the table.
///
/// ```
/// use nanobot_plugin::{ErrorKind, http};
///
/// assert!(http::check_status(204, None).is_ok());
/// let error = http::check_status(429, Some("3")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::RateLimited);
/// assert_eq!(error.retry_after().unwrap().as_secs(), 3);
/// ```
pub fn check_status(status: u16, retry_after: Option<&str>) -> Result<(), ChannelError> {
    let kind = match status {
        200..=299 => return Ok(()),
        429 => ErrorKind::RateLimited,
        408 | 425 | 500..=599 => ErrorKind::Network,
        _ => ErrorKind::Rejected,
    };
    let error = ChannelError::new(kind, format!("the platform answered with status {status}"));
    // Seconds; the header's other form, a date, is rare enough to count as absent.
    let seconds = retry_after.and_then(|text| text.trim().parse().ok());
    match seconds.or((status == 429).then_some(1)) {
        Some(seconds) => Err(error.with_retry_after(Duration::from_secs(seconds))),
        None => Err(error),
    }
}

/// The status a webhook answers with after it offered a message to the gateway.
///
/// Success means that the message is stored. With 503, put [`retry_after_seconds`] into the header
/// `Retry-After`.
///
/// ```
/// use nanobot_plugin::{Acceptance, ChannelError, ErrorKind, http};
///
/// assert_eq!(http::status_of(&Ok(Acceptance::Accepted)), 200);
/// assert_eq!(http::status_of(&Ok(Acceptance::Denied)), 403);
/// let busy = ChannelError::new(ErrorKind::Overloaded, "the gateway is busy");
/// assert_eq!(http::status_of(&Err(busy)), 503);
/// ```
#[must_use]
pub fn status_of(result: &Result<Acceptance, ChannelError>) -> u16 {
    match result {
        Ok(Acceptance::Accepted | Acceptance::Duplicate) => 200,
        Ok(Acceptance::Denied) => 403,
        Err(error) => match error.kind() {
            ErrorKind::Invalid | ErrorKind::Rejected => 422,
            ErrorKind::Internal => 500,
            _ => 503,
        },
    }
}

/// How many seconds to ask a client to wait: what the error says, rounded up, or one.
#[must_use]
pub fn retry_after_seconds(error: &ChannelError) -> u64 {
    let wait = error.retry_after().unwrap_or_default();
    wait.as_millis().div_ceil(1000).clamp(1, 3600) as u64
}
