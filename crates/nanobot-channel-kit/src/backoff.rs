use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

/// Longest pause that a platform may ask for, in seconds: a day. Beyond that it has lost its way, and
/// there are numbers of seconds that no clock can count to.
const LONGEST_ASKED: f64 = 24.0 * 60.0 * 60.0;

/// The pause that a platform asks for in seconds, a day at most; none if that is no time.
#[must_use]
pub fn asked_pause(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST_ASKED)))
}

/// Pauses between tries that double up to a minute.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause before the next try.
    pub fn next_pause(&mut self) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.failures.min(7)).min(LONGEST);
        self.failures += 1;
        // Spread by a tenth, so that what failed together is not tried again together.
        pause.mul_f64(1.0 + fastrand::f64() / 10.0)
    }

    /// Starts anew after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_that_is_asked_for_is_a_time_of_at_most_a_day() {
        assert_eq!(asked_pause(0.25), Some(Duration::from_millis(250)));
        assert_eq!(asked_pause(1e19), Some(Duration::from_secs(24 * 60 * 60)));
        assert_eq!((asked_pause(-1.0), asked_pause(f64::NAN)), (None, None));
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_start_anew_after_success() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..9).map(|_| backoff.next_pause().as_secs_f64() as u64).collect();
        assert_eq!(pauses[..4], [0, 1, 2, 4]);
        assert!((60..=66).contains(&pauses[8]));
        backoff.reset();
        assert!(backoff.next_pause() < Duration::from_millis(600));
    }
}
