//! Writes messages into a webhook channel and accounts for each.

mod lane;
mod outcome;
mod plan;
mod tally;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Instant, UNIX_EPOCH};

use tokio::task::JoinSet;
use tokio::time::timeout;

pub(crate) use outcome::{Outcome, Times};
pub(crate) use plan::{Amount, Pace, Plan};
pub(crate) use tally::{Answer, Tally};

/// When this program was started, in milliseconds since 1970. A gateway that another run of the load
/// wrote to knows its chats and messages, and rightly drops a message that it has seen.
static RUN: LazyLock<u128> =
    LazyLock::new(|| UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis()));

/// Numbers are never used twice, so that no answer to an earlier load is taken for one of this.
static CHATS: AtomicU64 = AtomicU64::new(0);

/// Sends what the plan says, and waits for the answers that it says.
pub(crate) async fn run(webhook: SocketAddr, plan: Plan, tally: &Arc<Tally>) -> Outcome {
    let began = Instant::now();
    tally.begin();
    let mut lanes = JoinSet::new();
    for index in 0..plan.lanes {
        let lane = lane::Lane::new(index, webhook, plan, Arc::clone(tally), began);
        lanes.spawn(lane.write());
    }
    while let Some(lane) = lanes.join_next().await {
        lane.expect("a lane does not panic and is not aborted");
    }
    let sending = began.elapsed();
    if plan.waits_for_answers {
        let waiting = tally.wait_for_answers(plan.patience);
        // Whoever is not answered by now is counted.
        let _ = timeout(plan.limit, waiting).await;
    }
    tally.outcome(sending)
}

/// A chat that nobody wrote in yet.
fn new_chat() -> u64 {
    CHATS.fetch_add(1, Ordering::Relaxed)
}
