//! Places for work that may never end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// Documents that are read at once, in all turns.
const AT_ONCE: usize = 2;
/// Threads that may be alive, those among them that nobody waits for any more.
const MAX_THREADS: usize = 8;

/// Runs work in threads, a few at once.
///
/// Nothing can end a thread that is stuck in a library. Its place is given to the next one when its
/// time is over, and it holds up neither others nor the end of the program; when too many are stuck,
/// no more work is taken until one of them comes back.
pub(super) struct Places {
    waited_for: Semaphore,
    alive: Arc<Semaphore>,
    max_time: Duration,
}

impl Places {
    /// Places in which, and before which, nobody waits longer than this.
    pub(super) fn new(max_time: Duration) -> Self {
        let alive = Arc::new(Semaphore::new(MAX_THREADS));
        Self { waited_for: Semaphore::new(AT_ONCE), alive, max_time }
    }

    /// Runs work that blocks.
    ///
    /// # Errors
    ///
    /// Returns what the work returns, or why there is no result.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let too_long = |_| "it takes too long".to_owned();
        let _place = timeout(self.max_time, self.waited_for.acquire()).await.map_err(too_long)?;
        let alive = Arc::clone(&self.alive).try_acquire_owned();
        let alive = alive.map_err(|_| "too many others are still being read".to_owned())?;
        let (done, result) = oneshot::channel();
        let thread = std::thread::Builder::new().name("document".to_owned()).spawn(move || {
            let _alive = alive;
            // Nobody may be waiting any more.
            let _ = done.send(work());
        });
        thread.map_err(|error| format!("there is no thread for it: {error}"))?;
        let result = timeout(self.max_time, result).await.map_err(too_long)?;
        // The library panicked.
        result.unwrap_or_else(|_| Err("it is damaged".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_is_stuck_gives_its_place_away_and_few_may_be_stuck() {
        let places = Places::new(Duration::from_millis(20));
        let mut stuck = Vec::new();
        for _ in 0..MAX_THREADS {
            let (end, wait) = mpsc::channel::<()>();
            let read = places.run(move || wait.recv().map_err(|error| error.to_string())).await;
            assert_eq!(read, Err("it takes too long".to_owned()));
            stuck.push(end);
        }
        let read = || places.run(|| Ok("tea"));
        assert_eq!(read().await, Err("too many others are still being read".to_owned()));
        stuck.pop();
        while read().await != Ok("tea") {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_damaged_file() {
        let read = Places::new(Duration::from_secs(60)).run::<()>(|| panic!("a library")).await;
        assert_eq!(read, Err("it is damaged".to_owned()));
    }
}
