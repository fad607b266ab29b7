//! Discord's rate limits, kept before they are hit. See [Discord/rate limits].
//!
//! [Discord/rate limits]: https://docs.discord.com/developers/topics/rate-limits

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanobot_channel_kit::asked_pause;
use reqwest::header::HeaderMap;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{ApiError, Route};

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

#[derive(Debug, Default)]
struct Bucket {
    in_flight: u32,
    /// False until the first answer.
    is_known: bool,
    /// None if Discord tells no limit.
    quota: Option<Quota>,
}

#[derive(Debug, Clone, Copy)]
struct Quota {
    limit: u32,
    remaining: u32,
    reset: Instant,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Go,
    WaitUntil(Instant),
    WaitForAnswer,
}

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
            bucket.in_flight = bucket.in_flight.saturating_sub(1);
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
        bucket.in_flight = bucket.in_flight.saturating_sub(1);
        bucket.is_known = true;
        let scope = text(headers, "x-ratelimit-scope").unwrap_or_default();
        if let Some(told) = Quota::read(headers, now) {
            let remaining = told.remaining.saturating_sub(bucket.in_flight);
            bucket.quota = Some(Quota { remaining, ..told });
        }
        if status == 429 {
            let until = now + wait.unwrap_or(SECOND);
            if scope == "global" || headers.contains_key("x-ratelimit-global") {
                self.global_until = Some(until);
            } else {
                let limit = bucket.quota.map_or(1, |quota| quota.limit);
                bucket.quota = Some(Quota { limit, remaining: 0, reset: until });
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
            self.buckets.retain(|_, bucket| bucket.in_flight > 0 || bucket.is_limited(now));
        }
    }
}

impl Bucket {
    fn admit(&mut self, now: Instant) -> Verdict {
        match &mut self.quota {
            // How many calls the bucket takes is known from the first answer.
            None if !self.is_known && self.in_flight > 0 => return Verdict::WaitForAnswer,
            None => {}
            Some(quota) => {
                if now >= quota.reset {
                    *quota = Quota { remaining: quota.limit, reset: now + SECOND, ..*quota };
                }
                if quota.remaining == 0 {
                    return Verdict::WaitUntil(quota.reset);
                }
                quota.remaining -= 1;
            }
        }
        self.in_flight += 1;
        Verdict::Go
    }

    fn is_limited(&self, now: Instant) -> bool {
        self.quota.is_some_and(|quota| quota.reset > now)
    }
}

impl Quota {
    fn read(headers: &HeaderMap, now: Instant) -> Option<Self> {
        let limit = text(headers, "x-ratelimit-limit")?.parse().ok()?;
        let remaining = text(headers, "x-ratelimit-remaining")?.parse().ok()?;
        let seconds = text(headers, "x-ratelimit-reset-after")?.parse().ok()?;
        Some(Self { limit, remaining, reset: now + asked_pause(seconds)? })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use reqwest::header::HeaderName;

    use super::super::Id;
    use super::*;

    fn route(channel: u64) -> Route {
        Route::of_channel(Method::POST, Id(channel), "/messages", "POST messages")
    }

    fn headers(entries: &[(&str, &str)]) -> HeaderMap {
        let entry = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
        };
        entries.iter().map(entry).collect()
    }

    fn told(remaining: &str) -> HeaderMap {
        headers(&[
            ("x-ratelimit-limit", "2"),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset-after", "3"),
            ("x-ratelimit-bucket", "abcd"),
        ])
    }

    /// Makes a call and says when it was made, in seconds from `start`.
    async fn call(limits: &Limits, route: &Route, answer: &HeaderMap, start: Instant) -> u64 {
        limits.admit(route).await.unwrap().record(200, answer, None);
        (Instant::now() - start).as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn calls_wait_for_a_used_up_bucket_of_their_own_channel_only() {
        let (limits, start) = (Limits::default(), Instant::now());
        assert_eq!(call(&limits, &route(1), &told("1"), start).await, 0);
        assert_eq!(call(&limits, &route(1), &told("0"), start).await, 0);
        assert_eq!(call(&limits, &route(2), &told("1"), start).await, 0);
        assert_eq!(call(&limits, &route(1), &told("1"), start).await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn second_call_of_an_unknown_route_waits_for_the_answer_of_the_first() {
        let (limits, route) = (Limits::default(), route(1));
        let first = limits.admit(&route).await.unwrap();
        let second = limits.admit(&route);
        tokio::pin!(second);
        assert!(tokio::time::timeout(SECOND, second.as_mut()).await.is_err());
        first.record(200, &HeaderMap::new(), None);
        second.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn call_that_is_given_up_does_not_block_the_next() {
        let (limits, route) = (Limits::default(), route(1));
        drop(limits.admit(&route).await.unwrap());
        limits.admit(&route).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn global_limit_stops_the_calls_of_all_channels() {
        let (limits, start) = (Limits::default(), Instant::now());
        let global = headers(&[("x-ratelimit-global", "true"), ("x-ratelimit-scope", "global")]);
        let permit_route = route(1);
        let permit = limits.admit(&permit_route).await.unwrap();
        permit.record(429, &global, Some(Duration::from_secs(5)));
        assert_eq!(call(&limits, &route(2), &HeaderMap::new(), start).await, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_fifty_calls_a_second_except_for_interactions() {
        let (limits, start) = (Limits::default(), Instant::now());
        for channel in 0..50 {
            assert_eq!(call(&limits, &route(channel), &HeaderMap::new(), start).await, 0);
        }
        let path = "/interactions/1/a/callback".to_owned();
        let interaction = Route::of_interaction(Method::POST, path, Id(1), "callback");
        assert_eq!(call(&limits, &interaction, &HeaderMap::new(), start).await, 0);
        assert_eq!(call(&limits, &route(50), &HeaderMap::new(), start).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn wait_that_is_too_long_is_told_instead() {
        let (limits, route) = (Limits::default(), route(1));
        let permit = limits.admit(&route).await.unwrap();
        permit.record(429, &HeaderMap::new(), Some(Duration::from_secs(60)));
        let error = limits.admit(&route).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    }

    #[tokio::test(start_paused = true)]
    async fn reset_that_nobody_could_wait_for_is_no_panic() {
        let (limits, route) = (Limits::default(), route(1));
        let never = headers(&[
            ("x-ratelimit-limit", "1"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset-after", "1e19"),
        ]);
        limits.admit(&route).await.unwrap().record(200, &never, None);
        assert!(matches!(limits.admit(&route).await, Err(ApiError::Limited { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_in_great_number_stop_all_calls_before_discord_does() {
        let limits = Limits::default();
        let shared = headers(&[("x-ratelimit-scope", "shared")]);
        for channel in 0..MAX_INVALID as u64 {
            let route = route(channel);
            limits.admit(&route).await.unwrap().record(403, &shared, None);
            limits.admit(&route).await.unwrap().record(403, &HeaderMap::new(), None);
        }
        let last = route(0);
        assert!(matches!(limits.admit(&last).await, Err(ApiError::Limited { .. })));
        tokio::time::advance(INVALID_WINDOW).await;
        limits.admit(&last).await.unwrap();
    }
}
