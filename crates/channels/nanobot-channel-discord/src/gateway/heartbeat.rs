use std::time::Duration;

use tokio::time::Instant;

/// When to give a sign of life, and whether the last one was answered.
/// See [Discord/sending heartbeats](https://docs.discord.com/developers/events/gateway#sending-heartbeats).
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    next: Instant,
    is_answered: bool,
}

impl Heartbeat {
    /// The first beat comes after a random part of the interval, so that after an outage not all
    /// clients beat together.
    pub(super) fn new(interval_ms: u64) -> Self {
        let interval = Duration::from_millis(interval_ms.max(1));
        let next = Instant::now() + interval.mul_f64(fastrand::f64());
        Self { interval, next, is_answered: true }
    }

    /// Waits for the time of the next beat.
    pub(super) async fn due(&self) {
        tokio::time::sleep_until(self.next).await;
    }

    /// Notes a beat; false if the last one was not answered, so that the connection is dead.
    pub(super) fn beat(&mut self) -> bool {
        self.next = Instant::now() + self.interval;
        std::mem::take(&mut self.is_answered)
    }

    pub(super) fn answered(&mut self) {
        self.is_answered = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn beat_without_an_answer_to_the_last_one_tells_a_dead_connection() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(1000);
        heartbeat.due().await;
        assert!(start.elapsed() <= Duration::from_secs(1));
        assert!(heartbeat.beat());
        heartbeat.answered();
        heartbeat.due().await;
        assert!(heartbeat.beat());
        assert!(!heartbeat.beat());
    }
}
