use std::time::Duration;

use crate::load::{Amount, Pace, Plan};
use crate::trial::{Stage, Trial};

pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    let messages = trial.pick(5, 40);
    let stage = Stage::plain(trial).await?;
    let running = stage.start_warm().await?;
    let plan = Plan {
        pace: Pace::PerSecond(2.0),
        amount: Amount::Messages(messages),
        patience: Duration::from_secs(10),
        ..Plan::default()
    };
    let outcome = stage.load(plan).await;
    trial.note_time("answer, median", outcome.answer.at(0.5));
    trial.note_time("answer, slowest", outcome.answer.max());
    trial.note_time("acceptance, median", outcome.acceptance.at(0.5));
    trial.check("one message", &outcome);
    running.stop().await
}
