use std::time::Duration;

use crate::figure::{Figure, Unit};
use crate::load::{self, Outcome, Plan};
use crate::meter::Usage;
use crate::model::{Manner, Model};
use crate::platform::{Behaviour, Platform};
use crate::programs::Programs;
use crate::subject::{Callback, Home, Running, Setup, Subject};

/// One scenario with one subject in one round.
pub(crate) struct Trial<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) subject: Subject,
    /// Whether to take little time rather than trustworthy figures.
    pub(crate) is_quick: bool,
    pub(crate) figures: Vec<Figure>,
    /// What should not have happened.
    pub(crate) faults: Vec<String>,
}

impl Trial<'_> {
    /// One of two, by how much time there is.
    pub(crate) fn pick<T>(&self, quick: T, full: T) -> T {
        if self.is_quick { quick } else { full }
    }

    pub(crate) fn note(&mut self, name: impl Into<String>, unit: Unit, value: f64) {
        self.figures.push(Figure { name: name.into(), unit, value });
    }

    pub(crate) fn note_time(&mut self, name: impl Into<String>, time: Duration) {
        self.note(name, Unit::Milliseconds, time.as_secs_f64() * 1000.0);
    }

    pub(crate) fn note_memory(&mut self, name: impl Into<String>, usage: Usage) {
        self.note(name, Unit::Megabytes, usage.pss_bytes as f64 / 1e6);
    }

    /// Remembers what went wrong in a load.
    pub(crate) fn check(&mut self, what: &str, outcome: &Outcome) {
        let mut outcome = outcome.clone();
        if self.subject == Subject::Forwarder {
            // It keeps none.
            outcome.out_of_order = 0;
        }
        self.faults.extend(outcome.faults().into_iter().map(|fault| format!("{what}: {fault}")));
    }
}

/// What every scenario needs: a model, a callback address and a home between them.
pub(crate) struct Stage {
    pub(crate) model: Model,
    pub(crate) platform: Platform,
    pub(crate) home: Home,
}

impl Stage {
    /// Whole answers, and a callback address that answers at once.
    pub(crate) async fn plain(trial: &Trial<'_>) -> anyhow::Result<Self> {
        Self::new(trial, Manner::default(), Behaviour::Prompt, false).await
    }

    pub(crate) async fn new(
        trial: &Trial<'_>,
        manner: Manner,
        behaviour: Behaviour,
        streaming: bool,
    ) -> anyhow::Result<Self> {
        let model = Model::start(0, manner).await?;
        let platform = Platform::start(0, behaviour, manner.shape).await?;
        let setup = Setup { model: &model, callbacks: vec![Callback::of(&platform)], streaming };
        let home = Home::new(trial.programs, trial.subject, &setup)?;
        Ok(Self { model, platform, home })
    }

    /// Starts the program and has it answer one message, so that what is made only once is there.
    pub(crate) async fn start_warm(&self) -> anyhow::Result<Running> {
        let running = self.home.start().await?;
        self.warm_up(1).await?;
        Ok(running)
    }

    /// Has each of so many new chats answered once.
    pub(crate) async fn warm_up(&self, chats: usize) -> anyhow::Result<()> {
        let amount = load::Amount::Messages(chats as u64);
        let outcome = self.load(Plan { lanes: chats, amount, ..Plan::default() }).await;
        let faults = outcome.faults();
        anyhow::ensure!(faults.is_empty(), "the first messages failed: {}", faults.join(", "));
        Ok(())
    }

    pub(crate) async fn load(&self, plan: Plan) -> Outcome {
        load::run(self.home.webhook(), plan, &self.platform.tally).await
    }
}
