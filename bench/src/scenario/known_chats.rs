use crate::figure::Unit;
use crate::load::{Amount, Plan};
use crate::subject::Running;
use crate::trial::{Stage, Trial};

/// Chats that go on talking.
const ACTIVE: usize = 100;
/// Messages of each of them, of a subject for which that takes no minutes.
const MESSAGES: u64 = 3;

/// Memory with active chats only, and again after many others were answered once.
pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    let silent = match trial.subject.is_slow() {
        true => trial.pick(100, 200),
        false => trial.pick(1_000, 10_000),
    };
    let stage = Stage::plain(trial).await?;
    let running = stage.start_warm().await?;
    let before = active(trial, &stage, &running).await;
    let plan = Plan {
        lanes: 32,
        amount: Amount::Messages(silent),
        messages_per_chat: 1,
        ..Plan::default()
    };
    let outcome = stage.load(plan).await;
    trial.check("new chats", &outcome);
    let after = active(trial, &stage, &running).await;
    trial.note("silent chats", Unit::Pieces, silent as f64);
    trial.note("memory before", Unit::Megabytes, before / 1e6);
    trial.note("memory with them", Unit::Megabytes, after / 1e6);
    let each = (after - before).max(0.0) / silent as f64;
    trial.note("memory for each silent chat", Unit::Kilobytes, each / 1e3);
    running.stop().await
}

/// Memory after all active chats have talked.
async fn active(trial: &mut Trial<'_>, stage: &Stage, running: &Running) -> f64 {
    let messages = if trial.subject.is_slow() { 1 } else { MESSAGES };
    let amount = Amount::Messages(ACTIVE as u64 * messages);
    let outcome = stage.load(Plan { lanes: ACTIVE, amount, ..Plan::default() }).await;
    trial.check("active chats", &outcome);
    running.usage().pss_bytes as f64
}
