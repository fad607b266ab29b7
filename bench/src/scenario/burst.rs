use crate::figure::Unit;
use crate::load::{Amount, Pace, Plan};
use crate::trial::{Stage, Trial};

const MESSAGES: u64 = 400;
const CHATS: usize = 20;

/// Each chat sends all its messages without waiting for an answer.
pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    let stage = Stage::plain(trial).await?;
    let running = stage.start_warm().await?;
    let plan = Plan {
        lanes: CHATS,
        pace: Pace::AfterAcceptance,
        amount: Amount::Messages(MESSAGES),
        messages_per_chat: MESSAGES,
        ..Plan::default()
    };
    let outcome = stage.load(plan).await;
    trial.note_time("all accepted", outcome.sending);
    trial.note_time("last answer", outcome.all_answered_after);
    trial.note("messages without an answer", Unit::Faults, outcome.unanswered as f64);
    trial.note("answered twice", Unit::Faults, outcome.doubled as f64);
    trial.note("out of order", Unit::Faults, outcome.out_of_order as f64);
    trial.check("burst", &outcome);
    running.stop().await
}
