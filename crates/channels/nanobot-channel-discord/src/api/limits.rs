//! Discord's rate limits, kept before they are hit. See [Discord/rate limits].
//!
//! [Discord/rate limits]: https://docs.discord.com/developers/topics/rate-limits

mod bucket;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{ApiError, Route};
use bucket::{Bucket, Verdict, text};

/// Calls of all routes together in a second.
const GLOBAL_PER_SECOND: u32 = 50;
const SECOND: Duration = Duration::from_secs(1);
/// Addresses with 10,000 invalid calls in this time are shut out; we stop long before.
const INVALID_WINDOW: Duration = Duration::from_secs(10 * 60);
const MAX_INVALID: usize = 1000;
/// Longest wait inside of a call; a longer one is told to the caller.
const MAX_WAIT: Duration = Duration::from_secs(8);
/// Buckets that are kept; those that are full again are forgotten first.
const MAX_BUCKETS: usize = 2000;

/// Which calls may be made now.
#[derive(Debug, Default)]
pub(super) struct Limits {
    state: Mutex<State>,
    /// Wakes those who wait for the first answer of a route.
    answered: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Buckets of routes, as Discord named them.
    names: HashMap<&'static str, String>,
    buckets: HashMap<Key, Bucket>,
    /// Start of the current second, and calls in it.
    second: Option<(Instant, u32)>,
    /// No calls before this.
    global_until: Option<Instant>,
    /// Times of the last invalid calls.
    invalid: VecDeque<Instant>,
}

/// A bucket and the channel that it counts for.
type Key = (String, String);

/// A call under way.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    limits: &'a Limits,
    route: &'a Route,
    key: Key,
    is_recorded: bool,
}

impl Limits {
    /// Waits until a call may be made.
    ///
    /// # Errors
    ///
    /// `Limited` if that takes too long to wait for.
    pub(super) async fn admit<'a>(&'a self, route: &'a Route) -> Result<Permit<'a>, ApiError> {
        loop {
            let answered = self.answered.notified();
            tokio::pin!(answered);
            answered.as_mut().enable();
            let now = Instant::now();
            let (verdict, key) = self.state().admit(route, now);
            match verdict {
                Verdict::Go => {
                    return Ok(Permit { limits: self, route, key, is_recorded: false });
                }
                Verdict::WaitForAnswer => answered.await,
                Verdict::WaitUntil(time) if time - now > MAX_WAIT => {
                    return Err(ApiError::Limited { wait: time - now });
                }
                Verdict::WaitUntil(time) => tokio::time::sleep_until(time).await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Learns from the answer.
    pub(super) fn record(mut self, status: u16, headers: &HeaderMap, wait: Option<Duration>) {
        self.is_recorded = true;
        self.limits.state().record(self.route, &self.key, status, headers, wait, Instant::now());
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.is_recorded
            && let Some(bucket) = self.limits.state().buckets.get_mut(&self.key)
        {
            bucket.leave();
        }
        self.limits.answered.notify_waiters();
    }
}

impl State {
    fn admit(&mut self, route: &Route, now: Instant) -> (Verdict, Key) {
        let name = self.names.get(route.template).map_or(route.template, String::as_str);
        let key = (name.to_owned(), route.major.clone());
        if let Some(until) = self.shut_until(now) {
            return (Verdict::WaitUntil(until), key);
        }
        if route.is_global
            && let Some(until) = self.second_is_full(now)
        {
            return (Verdict::WaitUntil(until), key);
        }
        self.forget_idle(now);
        let verdict = self.buckets.entry(key.clone()).or_default().admit(now);
        if verdict == Verdict::Go && route.is_global {
            let (_, count) = self.second.get_or_insert((now, 0));
            *count += 1;
        }
        (verdict, key)
    }

    fn shut_until(&mut self, now: Instant) -> Option<Instant> {
        while self.invalid.front().is_some_and(|time| now - *time >= INVALID_WINDOW) {
            self.invalid.pop_front();
        }
        let banned = (self.invalid.len() >= MAX_INVALID)
            .then(|| self.invalid.front().map(|first| *first + INVALID_WINDOW))
            .flatten();
        banned.max(self.global_until.filter(|until| *until > now))
    }

    fn second_is_full(&mut self, now: Instant) -> Option<Instant> {
        match self.second {
            Some((start, count)) if now - start < SECOND => {
                (count >= GLOBAL_PER_SECOND).then_some(start + SECOND)
            }
            _ => {
                self.second = Some((now, 0));
                None
            }
        }
    }

    fn record(
        &mut self,
        route: &Route,
        key: &Key,
        status: u16,
        headers: &HeaderMap,
        wait: Option<Duration>,
        now: Instant,
    ) {
        let bucket = self.buckets.entry(key.clone()).or_default();
        bucket.learn(headers, now);
        let scope = text(headers, "x-ratelimit-scope").unwrap_or_default();
        if status == 429 {
            let until = now + wait.unwrap_or(SECOND);
            if scope == "global" || headers.contains_key("x-ratelimit-global") {
                self.global_until = Some(until);
            } else {
                bucket.use_up(until);
            }
        }
        if matches!(status, 401 | 403 | 429) && scope != "shared" {
            self.note_invalid(now);
        }
        if let Some(name) = text(headers, "x-ratelimit-bucket") {
            self.name(route, key, name);
        }
    }

    /// Several routes may share one bucket, whose name the first answer tells.
    fn name(&mut self, route: &Route, key: &Key, name: &str) {
        if key.0 == name {
            return;
        }
        self.names.insert(route.template, name.to_owned());
        if let Some(bucket) = self.buckets.remove(key) {
            self.buckets.insert((name.to_owned(), key.1.clone()), bucket);
        }
    }

    fn note_invalid(&mut self, now: Instant) {
        self.invalid.push_back(now);
        if self.invalid.len() == MAX_INVALID {
            tracing::error!(
                calls = MAX_INVALID,
                "Discord refused so many calls that none is made for ten minutes."
            );
        }
    }

    fn forget_idle(&mut self, now: Instant) {
        if self.buckets.len() >= MAX_BUCKETS {
            self.buckets.retain(|_, bucket| !bucket.is_idle(now));
        }
    }
}

#[cfg(test)]
mod tests;
