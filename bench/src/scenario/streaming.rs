use crate::figure::Unit;
use crate::load::{Amount, Plan};
use crate::model::{Manner, Shape};
use crate::platform::Behaviour;
use crate::trial::{Stage, Trial};

/// The model says all deltas without a pause, and the callback address answers at once.
pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    for (deltas, answers) in [(200, trial.pick(3, 10)), (5_000, trial.pick(1, 3))] {
        let shape = Shape { deltas, ..Shape::default() };
        let manner = Manner { shape, ..Manner::default() };
        let stage = Stage::new(trial, manner, Behaviour::Prompt, true).await?;
        let running = stage.start_warm().await?;
        let plan = Plan { amount: Amount::Messages(answers), ..Plan::default() };
        let outcome = stage.load(plan).await;
        let time = outcome.answer.at(0.5);
        let posts = outcome.unfinished_posts as f64 / outcome.answered as f64;
        trial.note_time(format!("{deltas} deltas: finished answer"), time);
        let each = time.as_secs_f64() * 1e6 / deltas as f64;
        trial.note(format!("{deltas} deltas: each"), Unit::Microseconds, each);
        trial.note(format!("{deltas} deltas: posts on the way"), Unit::Pieces, posts);
        trial.check(&format!("{deltas} deltas"), &outcome);
        running.stop().await?;
    }
    Ok(())
}
