use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Most notices within [`WINDOW`]. When everything fails at once, the first few say it.
const MOST: usize = 12;
/// See [`MOST`].
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// Bounds how often the owner is told anything.
#[derive(Debug, Default)]
pub(super) struct Rate {
    told: VecDeque<Instant>,
    left_out: u32,
}

impl Rate {
    /// Takes a place; says how many were left out since the last, or nothing if this one is, too.
    pub(super) fn take(&mut self, now: Instant) -> Option<u32> {
        while self.told.front().is_some_and(|told| now.duration_since(*told) >= WINDOW) {
            self.told.pop_front();
        }
        if self.told.len() >= MOST {
            self.left_out += 1;
            return None;
        }
        self.told.push_back(now);
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_bound_in_an_hour_and_the_next_says_how_many_were_left_out() {
        let mut rate = Rate::default();
        let begin = Instant::now();
        for _ in 0..MOST {
            assert_eq!(rate.take(begin), Some(0));
        }
        assert_eq!(rate.take(begin), None);
        assert_eq!(rate.take(begin + WINDOW / 2), None);
        assert_eq!(rate.take(begin + WINDOW), Some(2));
        assert_eq!(rate.take(begin + WINDOW), Some(0));
    }
}
