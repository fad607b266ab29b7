use std::time::Duration;

use nanobot_channel as channel;
use nanobot_channel::ChannelError;
use nanobot_plugin_link::LinkError;
use nanobot_protocol as wire;

/// Longest text of a plugin that is passed on, in bytes; it goes to logs and status pages.
const MESSAGE_BYTES: usize = 2 * 1024;

/// An error that the plugin gave.
pub(crate) fn error(object: wire::ErrorObject) -> ChannelError {
    let kind = match object.kind() {
        wire::ErrorKind::Invalid => channel::ErrorKind::Invalid,
        wire::ErrorKind::Unsupported => channel::ErrorKind::Unsupported,
        wire::ErrorKind::Cancelled => channel::ErrorKind::Cancelled,
        wire::ErrorKind::Overloaded => channel::ErrorKind::Overloaded,
        wire::ErrorKind::NotReady => channel::ErrorKind::NotReady,
        wire::ErrorKind::Auth => channel::ErrorKind::Auth,
        wire::ErrorKind::RateLimited => channel::ErrorKind::RateLimited,
        wire::ErrorKind::Network => channel::ErrorKind::Network,
        wire::ErrorKind::Rejected => channel::ErrorKind::Rejected,
        wire::ErrorKind::NotFound => channel::ErrorKind::NotFound,
        wire::ErrorKind::Internal => channel::ErrorKind::Internal,
    };
    let mut error = ChannelError::new(kind, shortened(object.message));
    if let Some(data) = object.data {
        if let Some(wait_ms) = data.retry_after_ms {
            error = error.with_retry_after(Duration::from_millis(wait_ms));
        }
        if let Some(hint) = data.hint {
            error = error.with_hint(shortened(hint));
        }
    }
    error
}

/// An error that the plugin gets.
pub(crate) fn error_object(error: &ChannelError) -> wire::ErrorObject {
    let kind = match error.kind() {
        channel::ErrorKind::Invalid => wire::ErrorKind::Invalid,
        channel::ErrorKind::Unsupported => wire::ErrorKind::Unsupported,
        channel::ErrorKind::Cancelled => wire::ErrorKind::Cancelled,
        channel::ErrorKind::Overloaded => wire::ErrorKind::Overloaded,
        channel::ErrorKind::NotReady => wire::ErrorKind::NotReady,
        channel::ErrorKind::Auth => wire::ErrorKind::Auth,
        channel::ErrorKind::RateLimited => wire::ErrorKind::RateLimited,
        channel::ErrorKind::Network => wire::ErrorKind::Network,
        channel::ErrorKind::Rejected => wire::ErrorKind::Rejected,
        channel::ErrorKind::NotFound => wire::ErrorKind::NotFound,
        _ => wire::ErrorKind::Internal,
    };
    let mut object = wire::ErrorObject::new(kind, shortened(error.report()));
    object.data = Some(wire::ErrorData {
        kind,
        retry_after_ms: error.retry_after().map(whole_ms),
        hint: error.hint().map(ToOwned::to_owned),
    });
    object
}

/// An error that the link gave.
pub(crate) fn link_error(failure: LinkError) -> ChannelError {
    match failure {
        LinkError::Refused(object) => error(object),
        // It may have done what it was asked to: whether to repeat it is for the caller to judge.
        LinkError::Closed => ChannelError::network("the plugin went away during the call"),
        LinkError::Timeout { .. } => ChannelError::network(failure.to_string()),
        LinkError::TooLong { .. } => ChannelError::rejected(failure.to_string()),
        LinkError::BadAnswer { method, source } => {
            ChannelError::internal(format!("answer to {method} is not valid")).with_source(source)
        }
        _ => ChannelError::internal(failure.to_string()),
    }
}

/// A time for the wire, never shorter than it is.
pub(crate) fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// The answer to what is too much at once.
pub(crate) fn overloaded(retry_after: Duration) -> wire::ErrorObject {
    let kind = channel::ErrorKind::Overloaded;
    let error = ChannelError::new(kind, "too many messages without an answer");
    error_object(&error.with_retry_after(retry_after))
}

/// A text of the plugin as it may be shown.
pub(super) fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_kind_time_and_hint_both_ways() {
        let error = ChannelError::new(channel::ErrorKind::RateLimited, "slow down")
            .with_retry_after(Duration::from_micros(1500))
            .with_hint("buy a bigger plan");
        let object = error_object(&error);
        assert_eq!(object.code, wire::ErrorKind::RateLimited.code());
        let back = super::error(object);
        assert_eq!(back.kind(), channel::ErrorKind::RateLimited);
        assert_eq!(back.retry_after(), Some(Duration::from_millis(2)));
        assert_eq!(back.hint(), Some("buy a bigger plan"));
        assert_eq!(back.to_string(), "slow down");
    }

    #[test]
    fn every_kind_survives_the_way_there_and_back() {
        for kind in [
            channel::ErrorKind::Invalid,
            channel::ErrorKind::Unsupported,
            channel::ErrorKind::Cancelled,
            channel::ErrorKind::Overloaded,
            channel::ErrorKind::NotReady,
            channel::ErrorKind::Auth,
            channel::ErrorKind::RateLimited,
            channel::ErrorKind::Network,
            channel::ErrorKind::Rejected,
            channel::ErrorKind::NotFound,
            channel::ErrorKind::Internal,
        ] {
            let object = error_object(&ChannelError::new(kind, "no"));
            assert_eq!(error(object).kind(), kind);
        }
    }
}
