use std::time::{Duration, Instant};

use crate::figure::Unit;
use crate::load::{Amount, Pace, Plan};
use crate::model::Manner;
use crate::platform::Behaviour;
use crate::trial::{Stage, Trial};

const MESSAGES: u64 = 200;
const CHATS: usize = 20;
/// How long the model thinks until the program is killed, so that no message is answered before.
const THINKING: Duration = Duration::from_secs(3600);

/// Accepts messages, kills the program, starts it again and counts the answers.
pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    let manner = Manner { before_answer: THINKING, ..Manner::default() };
    let stage = Stage::new(trial, manner, Behaviour::Prompt, false).await?;
    let running = stage.home.start().await?;
    let plan = Plan {
        lanes: CHATS,
        pace: Pace::AfterAcceptance,
        amount: Amount::Messages(MESSAGES),
        messages_per_chat: MESSAGES,
        waits_for_answers: false,
        ..Plan::default()
    };
    let before = stage.load(plan).await;
    running.kill().await?;
    stage.model.set_manner(Manner::default());
    let restarted = Instant::now();
    let running = stage.home.start().await?;
    stage.platform.tally.wait_for_answers(Duration::from_secs(15)).await;
    let outcome = stage.platform.tally.outcome(before.sending);
    if outcome.unanswered == 0 {
        trial.note_time("restart to last answer", restarted.elapsed());
    }
    trial.note("accepted", Unit::Pieces, outcome.accepted as f64);
    trial.note("accepted messages without an answer", Unit::Faults, outcome.unanswered as f64);
    trial.note("answered twice", Unit::Faults, outcome.doubled as f64);
    trial.note("out of order", Unit::Faults, outcome.out_of_order as f64);
    trial.check("after the restart", &outcome);
    running.stop().await
}
