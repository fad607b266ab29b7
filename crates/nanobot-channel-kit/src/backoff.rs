use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

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
    fn pauses_double_up_to_a_minute_and_start_anew_after_success() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..9).map(|_| backoff.next_pause().as_secs_f64() as u64).collect();
        assert_eq!(pauses[..4], [0, 1, 2, 4]);
        assert!((60..=66).contains(&pauses[8]));
        backoff.reset();
        assert!(backoff.next_pause() < Duration::from_millis(600));
    }
}
