use std::time::Duration;

use tokio::time::Instant;

/// Lines of one plugin that reach the host's log within [`WINDOW`].
const LINES_PER_WINDOW: u32 = 200;

const WINDOW: Duration = Duration::from_secs(1);

/// Decides which lines reach the log.
#[derive(Default)]
pub(super) struct Throttle {
    window_end: Option<Instant>,
    emitted: u32,
    left_out: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Emit,
    /// As `Emit`, after telling how many lines were left out.
    EmitWithNotice,
    LeaveOut,
}

impl Throttle {
    pub(super) fn admit(&mut self, now: Instant) -> Admission {
        if self.window_end.is_none_or(|end| now >= end) {
            self.window_end = Some(now + WINDOW);
            self.emitted = 0;
        }
        if self.emitted == LINES_PER_WINDOW {
            self.left_out += 1;
            return Admission::LeaveOut;
        }
        self.emitted += 1;
        if self.left_out > 0 { Admission::EmitWithNotice } else { Admission::Emit }
    }

    /// When to tell that lines were left out, if no further line comes before.
    pub(super) fn notice_due(&self) -> Option<Instant> {
        self.window_end.filter(|_| self.left_out > 0)
    }

    pub(super) fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lines_above_the_rate_are_left_out_and_counted() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..LINES_PER_WINDOW {
            assert_eq!(throttle.admit(now), Admission::Emit);
        }
        assert_eq!(throttle.notice_due(), None);
        assert_eq!(throttle.admit(now), Admission::LeaveOut);
        assert_eq!(throttle.notice_due(), Some(now + WINDOW));
        assert_eq!(throttle.admit(now + WINDOW), Admission::EmitWithNotice);
        assert_eq!(throttle.take_left_out(), 1);
        assert_eq!(throttle.admit(now + WINDOW), Admission::Emit);
    }
}
