use nanobot_protocol::{ErrorObject, MAX_LINE_BYTES};

/// Why a call to the other side failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The link ended, before the call or while it waited.
    #[error("the link is closed")]
    Closed,
    /// No answer came in time. The request was taken back with `$/cancel`.
    #[error("no answer to {method} within {} ms", timeout.as_millis())]
    Timeout {
        /// What was asked.
        method: &'static str,
        /// How long the caller waited.
        timeout: std::time::Duration,
    },
    /// The other side answered with an error.
    #[error("{}", .0.message)]
    Refused(ErrorObject),
    /// The answer has the wrong shape.
    #[error("answer to {method} is not valid")]
    BadAnswer {
        /// What was asked.
        method: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The call does not fit into a line; nothing was sent.
    #[error("{method} has {bytes} bytes, a line holds at most {MAX_LINE_BYTES}")]
    TooLong {
        /// What was to be sent.
        method: &'static str,
        /// Its size.
        bytes: usize,
    },
}
