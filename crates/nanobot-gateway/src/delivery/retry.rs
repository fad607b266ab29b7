use std::time::Duration;

use nanobot_channel::{ChannelError, ErrorKind};

/// Longest pause between two tries of one delivery.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Longest pause that a platform may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// A delivery that the network kept from its platform for this long is given up.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// What to do after a delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Try again after a pause.
    Retry(Duration),
    /// Never try again.
    GiveUp,
}

/// Decides what to do after the failed try number `attempt`; `age` is the time since the first.
///
/// Only failures that are nobody's fault but the channel's own count against `max_attempts`: while a
/// platform is away or asks to wait, waiting is right.
pub(super) fn decide(error: &ChannelError, attempt: u32, age: Duration, max_attempts: u32) -> Next {
    let pause = backoff(attempt);
    match error.kind() {
        ErrorKind::NotReady | ErrorKind::Auth => Next::Retry(pause),
        ErrorKind::RateLimited | ErrorKind::Overloaded => {
            Next::Retry(error.retry_after().unwrap_or(pause).min(MAX_RETRY_AFTER))
        }
        ErrorKind::Network if age < MAX_AGE => Next::Retry(pause),
        ErrorKind::Internal | ErrorKind::Cancelled if attempt < max_attempts => Next::Retry(pause),
        _ => Next::GiveUp,
    }
}

/// 1, 2, 4 … seconds.
fn backoff(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(6);
    Duration::from_secs(1 << doublings).min(MAX_PAUSE)
}

/// Spreads a pause by a tenth, so that what failed together is not tried again together.
pub(super) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + fastrand::f64() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[track_caller]
    fn check(kind: ErrorKind, attempt: u32, age: Duration, expected: Next) {
        assert_eq!(decide(&ChannelError::new(kind, "failed"), attempt, age, 3), expected);
    }

    #[test]
    fn waits_longer_and_longer_while_the_platform_is_away() {
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (7, 60), (5_000, 60)] {
            check(ErrorKind::Network, attempt, SECOND, Next::Retry(SECOND * seconds));
            check(ErrorKind::NotReady, attempt, MAX_AGE * 2, Next::Retry(SECOND * seconds));
        }
        check(ErrorKind::Network, 5_000, MAX_AGE, Next::GiveUp);
    }

    #[test]
    fn failures_of_the_channel_itself_are_tried_max_attempts_times() {
        check(ErrorKind::Internal, 2, SECOND, Next::Retry(SECOND * 2));
        check(ErrorKind::Internal, 3, SECOND, Next::GiveUp);
    }

    #[test]
    fn what_the_platform_refuses_is_never_tried_again() {
        for kind in
            [ErrorKind::Rejected, ErrorKind::NotFound, ErrorKind::Invalid, ErrorKind::Unsupported]
        {
            check(kind, 1, SECOND, Next::GiveUp);
        }
    }

    #[test]
    fn a_wait_that_the_platform_asks_for_is_obeyed_and_bounded() {
        let limited = |wait| {
            ChannelError::new(ErrorKind::RateLimited, "failed").with_retry_after(SECOND * wait)
        };
        assert_eq!(decide(&limited(238), 9, SECOND, 3), Next::Retry(SECOND * 238));
        assert_eq!(decide(&limited(86_400), 9, SECOND, 3), Next::Retry(MAX_RETRY_AFTER));
    }
}
