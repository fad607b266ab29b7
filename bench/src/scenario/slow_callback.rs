use std::time::Duration;

use crate::figure::Unit;
use crate::load::Plan;
use crate::model::{Manner, Shape};
use crate::platform::Behaviour;
use crate::trial::{Stage, Trial};

/// Time that the callback address takes for each post.
const PAUSE: Duration = Duration::from_millis(500);
/// After it an answer counts as lost: nobody watches one grow for longer.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    for (deltas, between_deltas) in
        [(200, Duration::from_millis(20)), (5_000, Duration::from_millis(1))]
    {
        let shape = Shape { deltas, ..Shape::default() };
        let manner = Manner { shape, between_deltas, ..Manner::default() };
        let stage = Stage::new(trial, manner, Behaviour::Slow(PAUSE), true).await?;
        let running = stage.home.start().await?;
        let outcome = stage.load(Plan { patience: PATIENCE, ..Plan::default() }).await;
        let name = |what: &str| format!("{deltas} deltas: {what}");
        if outcome.answered == 1 {
            trial.note_time(name("finished answer"), outcome.answer.max());
        }
        trial.note(name("posts on the way"), Unit::Pieces, outcome.unfinished_posts as f64);
        let wrong = outcome.unanswered + outcome.wrong_texts;
        trial.note(name("lost or wrong answers"), Unit::Faults, wrong as f64);
        trial.note(name("answers that came again"), Unit::Faults, outcome.doubled as f64);
        trial.check(&format!("{deltas} deltas"), &outcome);
        running.kill().await?;
    }
    Ok(())
}
