use std::time::Duration;

use super::counted;
use crate::figure::Unit;
use crate::load::{Amount, Plan};
use crate::meter::Usage;
use crate::trial::{Stage, Trial};

pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    let time = trial.pick(Duration::from_secs(3), Duration::from_secs(10));
    let stage = Stage::plain(trial).await?;
    let running = stage.start_warm().await?;
    for chats in [1, 16, 64] {
        stage.warm_up(chats).await?;
        let (before, asked) = (running.usage(), stage.model.requests());
        let plan = Plan { lanes: chats, amount: Amount::Time(time), ..Plan::default() };
        let outcome = stage.load(plan).await;
        let used = running.usage();
        let name = |what: &str| format!("{}: {what}", counted(chats));
        trial.note(name("answers"), Unit::PerSecond, outcome.answered_per_second());
        trial.note_time(name("answer, median"), outcome.answer.at(0.5));
        trial.note_time(name("answer, p99"), outcome.answer.at(0.99));
        trial.note_time(name("acceptance, median"), outcome.acceptance.at(0.5));
        trial.note_time(name("acceptance, p99"), outcome.acceptance.at(0.99));
        let cpu = cpu_per_1000(before, used, outcome.answered);
        trial.note(name("CPU for 1,000 messages"), Unit::CpuSeconds, cpu);
        let asked = (stage.model.requests() - asked) as f64 / outcome.answered as f64;
        trial.note(name("questions to the model for each"), Unit::Pieces, asked);
        trial.note_memory(name("memory afterwards"), used);
        trial.check(&counted(chats), &outcome);
    }
    running.stop().await
}

fn cpu_per_1000(before: Usage, after: Usage, messages: u64) -> f64 {
    after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1000.0 / messages as f64
}
