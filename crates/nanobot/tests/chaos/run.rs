use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use nanobot_test_support::FakeModel;
use tokio::time::{sleep, timeout};

use crate::book::Book;
use crate::chats::Chats;
use crate::gateway::Gateway;
use crate::platform;
use crate::verdict::{Kills, Verdict};

/// How long the last gateway may take to finish what the others left.
const LAST_WAIT: Duration = Duration::from_secs(90);
/// Plugin kills that one gateway sees: after more it would wait for minutes before the next start.
const PLUGIN_KILLS: usize = 3;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) kills: u64,
    pub(crate) chats: usize,
    pub(crate) seed: u64,
}

/// What is killed next, and when.
struct Blow {
    after: Duration,
    hits_plugin: bool,
}

pub(crate) async fn run(plan: Plan) -> Verdict {
    let started = Instant::now();
    let book = Arc::new(Book::default());
    let callback = platform::start(Arc::clone(&book)).await;
    let model = FakeModel::start().await;
    let streams = plan.seed % 2 == 1;
    let mut gateway = Gateway::start(&model.base_url(), &callback, streams).await;
    let chats = Chats::start(plan.chats, gateway.port, &book);
    // The first kills are to hit something.
    book.wait_until(|pages| !pages.replies.is_empty()).await;
    let kills = kill(&mut gateway, plan, true, || {}).await;
    let all_replied = async {
        chats.finish().await;
        book.wait_until(|pages| pages.missing().is_empty()).await;
    };
    let is_finished = timeout(LAST_WAIT, all_replied).await.is_ok();
    let is_alive = gateway.is_running();
    let mut verdict = Verdict::of(&book.pages(), kills);
    if !is_finished || !is_alive || !verdict.is_good() {
        verdict.gather(&gateway).await;
    }
    if verdict.is_good() {
        (verdict.left_over, verdict.evidence) = gateway.end().await;
    }
    verdict.took = started.elapsed();
    verdict
}

/// Kills the gateway and its plugin, if it has one, as often as planned; `before` comes before each
/// blow.
pub(crate) async fn kill(
    gateway: &mut Gateway,
    plan: Plan,
    has_plugin: bool,
    mut before: impl FnMut(),
) -> Kills {
    let mut rng = Rng::with_seed(plan.seed);
    let mut kills = Kills::default();
    let mut of_this_gateway = 0;
    while kills.gateway + kills.plugin < plan.kills {
        before();
        let blow = next(&mut rng, has_plugin && of_this_gateway < PLUGIN_KILLS);
        sleep(blow.after).await;
        assert!(gateway.is_running(), "the gateway ended by itself:\n{}", gateway.log());
        if !blow.hits_plugin {
            gateway.kill().await;
            kills.gateway += 1;
            kills.early += u64::from(blow.after < Duration::from_millis(30));
            of_this_gateway = 0;
        } else if gateway.kill_plugin() {
            kills.plugin += 1;
            of_this_gateway += 1;
        }
    }
    kills
}

/// A quarter of the blows comes within the start of a gateway, the others while it works.
fn next(rng: &mut Rng, may_hit_plugin: bool) -> Blow {
    let hits_plugin = rng.u8(..100) < 25;
    let after = match rng.u8(..100) {
        0..25 => rng.u64(0..30_000),
        25..80 => rng.u64(30_000..500_000),
        _ => rng.u64(500_000..1_200_000),
    };
    Blow { after: Duration::from_micros(after), hits_plugin: hits_plugin && may_hit_plugin }
}
