//! Streams an answer to a slow platform in real time, and prints what it took.
//!
//! `cargo run -p nanobot-gateway --example slow_platform [DELTAS [MS_BETWEEN [MS_PER_EDIT]]]`
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

#[path = "../tests/common/slow_platform.rs"]
mod slow_platform;

use std::time::Duration;

use slow_platform::{Case, run, whole_text};

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|typed| typed.parse::<u64>().unwrap_or_else(|_| panic!("{typed:?} is not a number")));
    let mut next = |default| numbers.next().unwrap_or(default);
    let case = Case {
        deltas: usize::try_from(next(500)).expect("a number of deltas fits"),
        delta_pause: Duration::from_millis(next(10)),
        edit: Duration::from_millis(next(100)),
        limit: Duration::from_millis(300),
    };
    let figures = run(case).await;
    let is_right = figures.shown == whole_text(case.deltas);
    println!("deltas             {}", case.deltas);
    println!("calls              {}", figures.calls);
    println!("deltas per call    {:.1}", case.deltas as f64 / figures.calls as f64);
    println!("sent whole         {}", figures.whole);
    println!("question to end    {:.2} s", figures.total.as_secs_f64());
    println!("text               {}", if is_right { "right" } else { "WRONG" });
}
