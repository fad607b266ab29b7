use std::collections::VecDeque;
use std::time::Duration;

use nanobot_channel::ErrorKind;
use tokio::time::Instant;

/// A run this long was healthy: the next pause is the first again.
const HEALTHY: Duration = Duration::from_secs(60);
/// Longest pause at the quick pace.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// This many ends within the window make the pace slow.
const CRASHES: usize = 5;
/// See [`CRASHES`].
const WINDOW: Duration = Duration::from_secs(180);
/// Pause at the slow pace. There is no last try.
const SLOW_PAUSE: Duration = Duration::from_secs(300);

/// When to start a channel again.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    ends: VecDeque<Instant>,
}

/// The pause before the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// It may well help.
    Quick(Duration),
    /// It did not help the last times, or cannot before a person does something.
    Slow(Duration),
}

impl Pace {
    pub(super) fn pause(self) -> Duration {
        match self {
            Self::Quick(pause) | Self::Slow(pause) => pause,
        }
    }
}

impl Backoff {
    /// Decides after a run of the given length.
    pub(super) fn after(&mut self, kind: ErrorKind, ran: Duration, now: Instant) -> Pace {
        if ran >= HEALTHY {
            self.failures = 0;
        }
        self.ends.push_back(now);
        while self.ends.front().is_some_and(|end| now.duration_since(*end) > WINDOW) {
            self.ends.pop_front();
        }
        let needs_a_person = matches!(kind, ErrorKind::Auth | ErrorKind::Invalid);
        if needs_a_person || self.ends.len() >= CRASHES {
            return Pace::Slow(SLOW_PAUSE);
        }
        let pause = Duration::from_secs(1 << self.failures.min(6)).min(MAX_PAUSE);
        self.failures += 1;
        Pace::Quick(pause.mul_f64(1.0 + fastrand::f64() / 10.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn quick_seconds(pace: Pace) -> u64 {
        match pace {
            Pace::Quick(pause) => pause.as_secs_f64().floor() as u64,
            Pace::Slow(_) => panic!("the pace is slow"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_and_start_over_after_a_healthy_run() {
        let mut backoff = Backoff::default();
        let mut now = Instant::now();
        for expected in [1, 2, 4] {
            now += SECOND * 100;
            let pace = backoff.after(ErrorKind::Internal, SECOND, now);
            assert_eq!(quick_seconds(pace), expected);
        }
        let pace = backoff.after(ErrorKind::Internal, HEALTHY, now + SECOND * 300);
        assert_eq!(quick_seconds(pace), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn five_crashes_in_three_minutes_make_it_slow_and_never_end_it() {
        let mut backoff = Backoff::default();
        let now = Instant::now();
        for _ in 0..4 {
            assert!(matches!(backoff.after(ErrorKind::Internal, SECOND, now), Pace::Quick(_)));
        }
        for _ in 0..10 {
            let pace = backoff.after(ErrorKind::Internal, SECOND, now);
            assert_eq!(pace, Pace::Slow(SLOW_PAUSE));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_needs_a_person_is_not_hurried() {
        for kind in [ErrorKind::Auth, ErrorKind::Invalid] {
            let pace = Backoff::default().after(kind, SECOND, Instant::now());
            assert_eq!(pace, Pace::Slow(SLOW_PAUSE));
        }
    }
}
