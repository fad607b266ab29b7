//! Kills the real gateway and a real plugin at random moments under load, and then accounts for
//! each message that was answered with 200: answered, once, in order within its chat. The same with
//! Telegram, whose server lives on, built in and as a process of its own.
//!
//! The short run belongs to the tests. A long one:
//!
//! ```sh
//! CHAOS_KILLS=1000 CHAOS_SEED=7 cargo test -p nanobot --test chaos -- --ignored --nocapture
//! ```
//!
//! A seed stands for the moments of the kills and what is killed, and for whether answers are
//! streamed (odd seeds). What the processes are doing at these moments is up to the machine.
#![cfg(target_os = "linux")]

mod book;
mod chats;
mod client;
mod gateway;
mod platform;
mod run;
mod telegram;
mod verdict;

use std::io::Write;

use run::Plan;

const KILLS: &str = "CHAOS_KILLS";
const SEED: &str = "CHAOS_SEED";

#[tokio::test]
async fn nothing_accepted_is_lost_in_a_few_crashes() {
    for seed in [1, 2] {
        run_and_tell(Plan { kills: 6, chats: 8, seed }).await;
    }
}

#[tokio::test]
#[ignore = "takes minutes; see the top of this file"]
async fn nothing_accepted_is_lost_in_many_crashes() {
    let kills = number(KILLS).unwrap_or(1_000);
    let plan = Plan { kills, chats: 16, seed: number(SEED).unwrap_or(1) };
    run_and_tell(plan).await;
}

#[tokio::test]
async fn telegram_loses_nothing_in_a_few_crashes() {
    for is_isolated in [false, true] {
        account_for_telegram(Plan { kills: 6, chats: 4, seed: 1 }, is_isolated).await;
        account_for_telegram(Plan { kills: 6, chats: 4, seed: 2 }, is_isolated).await;
    }
}

#[tokio::test]
#[ignore = "takes minutes; see the top of this file"]
async fn telegram_loses_nothing_in_many_crashes() {
    let kills = number(KILLS).unwrap_or(100);
    for is_isolated in [false, true] {
        let plan = Plan { kills, chats: 8, seed: number(SEED).unwrap_or(1) };
        account_for_telegram(plan, is_isolated).await;
    }
}

async fn account_for_telegram(plan: Plan, is_isolated: bool) {
    let account = telegram::run(plan, is_isolated).await;
    let _ = writeln!(std::io::stderr(), "{plan:?} isolated: {is_isolated}\n{account}");
    assert!(account.is_good(), "{plan:?} isolated: {is_isolated}\n{account}\n{}", account.evidence);
}

fn number(name: &str) -> Option<u64> {
    let typed = std::env::var(name).ok()?;
    Some(typed.parse().unwrap_or_else(|_| panic!("{name} is not a number: {typed}")))
}

async fn run_and_tell(plan: Plan) {
    let verdict = run::run(plan).await;
    let _ = writeln!(std::io::stderr(), "{plan:?}\n{verdict}");
    assert!(verdict.is_good(), "{plan:?}\n{verdict}\n{}", verdict.evidence);
}
