use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Rate limits as Discord keeps them.
#[derive(Debug, Default)]
pub(super) struct Limits {
    buckets: HashMap<(String, String), Bucket>,
    /// No calls of one kind in one channel before this.
    waits: HashMap<(String, String), Instant>,
    /// No calls before this.
    global_wait: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    remaining: u32,
    reset: Instant,
}

/// What the headers say of a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    pub(super) reset_after: Duration,
    /// True if the call is one too many.
    pub(super) is_exceeded: bool,
}

impl Limits {
    pub(super) fn wait(&mut self, kind: &str, major: &str, time: Duration) {
        self.waits.insert((kind.to_owned(), major.to_owned()), Instant::now() + time);
    }

    pub(super) fn wait_global(&mut self, time: Duration) {
        self.global_wait = Some(Instant::now() + time);
    }

    /// True if the client was asked to wait for longer than until now.
    pub(super) fn must_wait(&self, kind: &str, major: &str) -> bool {
        let now = Instant::now();
        let wait = self.waits.get(&(kind.to_owned(), major.to_owned()));
        wait.is_some_and(|until| now < *until) || self.global_wait.is_some_and(|until| now < until)
    }

    pub(super) fn count(
        &mut self,
        kind: &str,
        major: &str,
        (limit, period): (u32, Duration),
    ) -> Told {
        let now = Instant::now();
        let fresh = Bucket { remaining: limit, reset: now + period };
        let bucket = self.buckets.entry((kind.to_owned(), major.to_owned())).or_insert(fresh);
        if now >= bucket.reset {
            *bucket = fresh;
        }
        let is_exceeded = bucket.remaining == 0;
        bucket.remaining = bucket.remaining.saturating_sub(1);
        Told { limit, remaining: bucket.remaining, reset_after: bucket.reset - now, is_exceeded }
    }
}
