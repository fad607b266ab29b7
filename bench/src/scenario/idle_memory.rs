use std::time::Duration;

use tokio::time::sleep;

use crate::figure::Unit;
use crate::model::{Manner, Model};
use crate::platform::{Behaviour, Platform};
use crate::subject::{Callback, Home, Setup, Subject};
use crate::trial::{Stage, Trial};

/// How long a program is left alone before it is measured.
const SETTLE: Duration = Duration::from_secs(3);

pub(super) async fn run(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    one_channel(trial).await?;
    // The forwarder has one, and a hundred Python processes are measured only when there is time.
    let counts: &[usize] = match trial.subject {
        Subject::Forwarder => &[],
        Subject::OursPython if trial.is_quick => &[10],
        _ => &[10, 100],
    };
    for channels in counts {
        many_channels(trial, *channels).await?;
    }
    Ok(())
}

async fn one_channel(trial: &mut Trial<'_>) -> anyhow::Result<()> {
    let stage = Stage::plain(trial).await?;
    let running = stage.home.start().await?;
    sleep(SETTLE).await;
    trial.note_memory("1 channel", running.usage());
    stage.warm_up(1).await?;
    sleep(SETTLE).await;
    trial.note_memory("1 channel, after a message", running.usage());
    running.stop().await
}

async fn many_channels(trial: &mut Trial<'_>, channels: usize) -> anyhow::Result<()> {
    let manner = Manner::default();
    let model = Model::start(0, manner).await?;
    let platform = Platform::start(0, Behaviour::Prompt, manner.shape).await?;
    let callbacks = vec![Callback::of(&platform); channels];
    let setup = Setup { model: &model, callbacks, streaming: false };
    let home = Home::new(trial.programs, trial.subject, &setup)?;
    let running = home.start().await?;
    trial.note_time(format!("{channels} channels: start"), running.accepting_after);
    sleep(SETTLE).await;
    let usage = running.usage();
    trial.note_memory(format!("{channels} channels"), usage);
    trial.note(format!("{channels} channels: processes"), Unit::Pieces, usage.processes as f64);
    running.stop().await
}
