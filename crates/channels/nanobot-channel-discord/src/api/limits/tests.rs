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
