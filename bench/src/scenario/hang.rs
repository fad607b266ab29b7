use std::time::Duration;

use crate::figure::Unit;
use crate::load::{self, Amount, Outcome, Pace, Plan};
use crate::model::{Manner, Model};
use crate::platform::{Behaviour, Platform};
use crate::subject::{Callback, Home, Setup};
use crate::trial::Trial;

/// Chats of each channel.
const CHATS: usize = 4;
/// How long the one is measured before the other hangs.
const BEFORE: Duration = Duration::from_secs(10);
/// How long an answer of the other channel may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Measures one channel, before and while the callback address of another does not answer.
pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    let time = trial.pick(Duration::from_secs(10), Duration::from_secs(60));
    let manner = Manner::default();
    let model = Model::start(0, manner).await?;
    let platform = Platform::start(0, Behaviour::Prompt, manner.shape).await?;
    let hanging = Platform::start(0, Behaviour::Hanging, manner.shape).await?;
    let callbacks = vec![Callback::of(&platform), Callback::of(&hanging)];
    let setup = Setup { model: &model, callbacks, streaming: false };
    let home = Home::new(trial.programs, trial.subject, &setup)?;
    let running = home.start().await?;
    let plan =
        Plan { lanes: CHATS, amount: Amount::Time(time), patience: PATIENCE, ..Plan::default() };
    let warm_up = Plan { amount: Amount::Messages(CHATS as u64), ..plan };
    load::run(home.webhook(), warm_up, &platform.tally).await;
    let before = Plan { amount: Amount::Time(BEFORE), ..plan };
    let before = load::run(home.webhook(), before, &platform.tally).await;
    let to_hanging = Plan {
        pace: Pace::AfterAcceptance,
        amount: Amount::Messages(CHATS as u64 * 4),
        waits_for_answers: false,
        ..plan
    };
    load::run(home.webhooks[1], to_hanging, &hanging.tally).await;
    let during = load::run(home.webhook(), plan, &platform.tally).await;
    note(trial, "before", &before);
    note(trial, "while the other hangs", &during);
    running.kill().await
}

fn note(trial: &mut Trial<'_>, when: &str, outcome: &Outcome) {
    if outcome.answered > 0 {
        trial.note_time(format!("{when}: answer, median"), outcome.answer.at(0.5));
        trial.note_time(format!("{when}: answer, p99"), outcome.answer.at(0.99));
    }
    let lost = outcome.unanswered as f64;
    trial.note(format!("{when}: not answered"), Unit::Faults, lost);
    trial.check(when, outcome);
}
