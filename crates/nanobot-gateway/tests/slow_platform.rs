//! A long answer to a platform that is slow, limits, and loses a call.

#[path = "common/slow_platform.rs"]
mod slow_platform;

use std::time::Duration;

use slow_platform::{Case, run, whole_text};

#[tokio::test(start_paused = true)]
async fn five_thousand_deltas_reach_a_slow_platform_as_the_right_text_in_few_edits() {
    let case = Case {
        deltas: 5_000,
        delta_pause: Duration::from_millis(20),
        edit: Duration::from_millis(500),
        limit: Duration::from_secs(3),
    };
    let figures = run(case).await;
    assert_eq!(figures.shown, whole_text(5_000));
    assert_eq!(figures.whole, 0, "the stream itself was enough");
    // The model talks for 100 seconds, in which the platform takes 200 calls one after the other;
    // one more is under way at that moment, and one is the end.
    assert!(figures.calls <= 202, "{} calls", figures.calls);
    // Joining is no excuse to fall silent: 7 seconds are lost to waiting, the rest is used.
    assert!(figures.calls >= 180, "{} calls", figures.calls);
    assert!(figures.total <= Duration::from_millis(102_000), "{:?}", figures.total);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_says_all_at_once_costs_a_handful_of_edits() {
    let case = Case {
        deltas: 5_000,
        delta_pause: Duration::ZERO,
        edit: Duration::from_millis(500),
        limit: Duration::from_secs(3),
    };
    let figures = run(case).await;
    assert_eq!(figures.shown, whole_text(5_000));
    assert!(figures.calls <= 25, "{} calls", figures.calls);
}
