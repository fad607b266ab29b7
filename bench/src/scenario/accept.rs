use std::time::Duration;

use super::counted;
use crate::figure::Unit;
use crate::load::{Amount, Pace, Plan};
use crate::model::Manner;
use crate::platform::Behaviour;
use crate::trial::{Stage, Trial};

/// How long the model thinks: longer than the scenario takes.
const FOREVER: Duration = Duration::from_secs(3600);

/// A new program for each number of chats: a gateway holds a bounded number of waiting messages, of
/// which these need most.
pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    for (chats, messages) in [(1, 900), (16, 6_400), (64, 8_960)] {
        let messages = trial.pick(messages / 4, messages);
        accept(trial, chats, messages).await?;
    }
    Ok(())
}

async fn accept(trial: &mut Trial<'_>, chats: usize, messages: u64) -> anyhow::Result<()> {
    let manner = Manner { before_answer: FOREVER, ..Manner::default() };
    let stage = Stage::new(trial, manner, Behaviour::Prompt, false).await?;
    let running = stage.home.start().await?;
    let plan = Plan {
        lanes: chats,
        pace: Pace::AfterAcceptance,
        amount: Amount::Messages(messages),
        messages_per_chat: u64::MAX,
        waits_for_answers: false,
        ..Plan::default()
    };
    // The first of each lane pays for connections.
    stage.load(Plan { amount: Amount::Messages(chats as u64), ..plan }).await;
    let outcome = stage.load(plan).await;
    let name = |what: &str| format!("{}: {what}", counted(chats));
    trial.note(name("accepted"), Unit::PerSecond, outcome.accepted_per_second());
    trial.note_time(name("acceptance, median"), outcome.acceptance.at(0.5));
    trial.note_time(name("acceptance, p99"), outcome.acceptance.at(0.99));
    trial.check(&counted(chats), &outcome.of_acceptance());
    // In order it would wait for the model.
    running.kill().await
}
