use std::time::Duration;

use anyhow::ensure;

use crate::load::Plan;
use crate::trial::{Stage, Trial};

/// First in an empty home, then in the one that this left.
pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    let stage = Stage::plain(trial).await?;
    for home in ["first start", "later start"] {
        let running = stage.home.start().await?;
        let outcome = stage.load(Plan::default()).await;
        ensure!(outcome.answered == 1, "{}\n{}", outcome.faults().join(", "), running.log_lines());
        // The message was sent as soon as the port was open; its times count from there.
        let open = running.accepting_after;
        let until = |time: Duration| open + time;
        trial.note_time(format!("{home} to first acceptance"), until(outcome.acceptance.max()));
        trial.note_time(format!("{home} to first answer"), until(outcome.answer.max()));
        running.stop().await?;
    }
    Ok(())
}
