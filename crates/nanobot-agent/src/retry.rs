//! When to ask a model again after a failure, and how long to wait before.

use std::time::Duration;

use crate::provider::{ErrorKind, ProviderError};
use crate::settings::RetryMode;

const STANDARD_RETRIES: u32 = 3;
const PERSISTENT_SAME_FAILURES: u32 = 10;
const LONGEST_STEP: u32 = 60;
/// Up to this share is added to a wait, so that many sessions do not come back at the same moment.
const JITTER: f64 = 0.25;

/// Counts the failures of one question.
#[derive(Debug)]
pub(crate) struct Retries {
    mode: RetryMode,
    step: Duration,
    attempts: u32,
    same: u32,
    last: Option<(ErrorKind, Option<u16>)>,
}

/// A wait before the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) time: Duration,
    /// Number of the retry, from one.
    pub(crate) attempt: u32,
}

impl Retries {
    pub(crate) fn new(mode: RetryMode, step: Duration) -> Self {
        Self { mode, step, attempts: 0, same: 0, last: None }
    }

    /// Notes a failure; gives the wait before the next try, or nothing when trying should end.
    ///
    /// A provider that asks for a longer wait than ours gets it, but nobody waits longer than a
    /// minute (five when persistent) for an answer: then the person is told instead of a try that
    /// would be refused.
    pub(crate) fn after(&mut self, error: &ProviderError, random: f64) -> Option<Wait> {
        let this = (error.kind(), error.status());
        self.same = if self.last == Some(this) { self.same + 1 } else { 1 };
        self.last = Some(this);
        if !error.is_transient() || self.is_spent() {
            return None;
        }
        let doubled = 1_u32.checked_shl(self.attempts).unwrap_or(LONGEST_STEP).min(LONGEST_STEP);
        let own = (self.step * doubled).mul_f64(1.0 + JITTER * random);
        let asked = error.retry_after().unwrap_or_default();
        if asked > self.longest_wait() {
            return None;
        }
        self.attempts += 1;
        Some(Wait { time: own.max(asked), attempt: self.attempts })
    }

    fn is_spent(&self) -> bool {
        match self.mode {
            RetryMode::Standard => self.attempts == STANDARD_RETRIES,
            RetryMode::Persistent => self.same == PERSISTENT_SAME_FAILURES,
        }
    }

    fn longest_wait(&self) -> Duration {
        match self.mode {
            RetryMode::Standard => Duration::from_secs(60),
            RetryMode::Persistent => Duration::from_secs(300),
        }
    }
}

impl Wait {
    /// The notice for the person.
    pub(crate) fn notice(self) -> String {
        let seconds = self.time.as_secs_f64().round().max(1.0);
        format!("Model request failed, retry in {seconds}s (attempt {}).", self.attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn overloaded() -> ProviderError {
        ProviderError::new(ErrorKind::Overloaded, "overloaded").with_status(503)
    }

    fn waits(mode: RetryMode, error: &ProviderError, random: f64) -> Vec<f64> {
        let mut retries = Retries::new(mode, SECOND);
        std::iter::from_fn(|| retries.after(error, random))
            .map(|wait| wait.time.as_secs_f64())
            .collect()
    }

    #[test]
    fn waits_double_and_end_after_three_retries() {
        assert_eq!(waits(RetryMode::Standard, &overloaded(), 0.0), [1.0, 2.0, 4.0]);
        assert_eq!(waits(RetryMode::Standard, &overloaded(), 1.0), [1.25, 2.5, 5.0]);
    }

    #[test]
    fn persistent_waits_grow_to_a_minute_and_end_after_ten_equal_failures() {
        let waits = waits(RetryMode::Persistent, &overloaded(), 0.0);
        assert_eq!(waits, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
    }

    #[test]
    fn the_wait_that_the_provider_asks_for_is_kept() {
        let error = overloaded().with_retry_after(Some(Duration::from_secs(3)));
        assert_eq!(waits(RetryMode::Standard, &error, 0.0), [3.0, 3.0, 4.0]);
        let error = overloaded().with_retry_after(Some(Duration::from_secs(3_600)));
        assert!(waits(RetryMode::Standard, &error, 0.0).is_empty());
    }

    #[test]
    fn failures_that_do_not_pass_are_not_retried() {
        for kind in
            [ErrorKind::Auth, ErrorKind::Quota, ErrorKind::Rejected, ErrorKind::ContextTooLong]
        {
            assert!(waits(RetryMode::Persistent, &ProviderError::new(kind, "no"), 0.0).is_empty());
        }
    }

    #[test]
    fn the_notice_names_time_and_attempt() {
        let wait = Wait { time: Duration::from_millis(1_200), attempt: 1 };
        assert_eq!(wait.notice(), "Model request failed, retry in 1s (attempt 1).");
    }
}
