//! Runs one turn: claim, agent, commit, delivery.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use nanobot_agent::{Ending, Message, Turn, TurnOutcome, Usage};
use nanobot_channel::{Attachment, Location};
use nanobot_ledger::{Claim, InboundEntry, Ledger, LedgerError, TurnCommit, TurnUsage};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::commands::{Command, NEW_SESSION};
use crate::current_agent::CurrentAgent;
use crate::delivery::Delivery;
use crate::joining::Joining;
use crate::metrics::Metrics;
use crate::model_command::ModelChoices;
use crate::outbox::Post;
use crate::questions::Questions;
use crate::restart::RESTARTED;
use crate::roster::Roster;
use crate::running::RunningTurns;
use crate::speaker::Speaker;
use crate::status::StatusBoard;
use crate::usage::turn_usage;

/// Said when a turn panicked.
const PANIC_NOTICE: &str =
    "Sorry, something went wrong inside nanobot while answering. Its log says what.";
/// Pause before a result that could not be stored is stored again.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// Runs turns; one for all sessions.
pub(crate) struct TurnRunner {
    pub(crate) agent: Arc<CurrentAgent>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) delivery: Delivery,
    pub(crate) roster: Arc<Roster>,
    pub(crate) running: Arc<RunningTurns>,
    pub(crate) board: Arc<StatusBoard>,
    pub(crate) models: Arc<ModelChoices>,
    pub(crate) metrics: Arc<Metrics>,
    /// Whether what is said during a turn joins it.
    pub(crate) steers: bool,
    /// No more messages are taken.
    pub(crate) closing: CancellationToken,
    /// Ends the running turns when the gateway cannot wait for them any longer.
    pub(crate) abort: CancellationToken,
}

impl TurnRunner {
    /// Answers one message. A turn that the gateway had to cut off is given back to the ledger.
    pub(crate) async fn run(&self, claim: Claim) {
        let InboundEntry { id, channel, session, .. } = &claim.inbound;
        let span = tracing::error_span!("turn", turn = id, channel, session);
        self.run_claim(&claim).instrument(span).await;
    }

    async fn run_claim(&self, claim: &Claim) {
        if claim.attempt > 1 {
            tracing::info!(attempt = claim.attempt, "Answering a message again.");
        }
        match Command::parse(&claim.inbound.message.text) {
            Some(Command::New) => self.forget(claim).await,
            // Left over from a gateway that ended right after it was asked to.
            Some(Command::Restart) => self.say(claim, RESTARTED).await,
            _ => self.answer(claim).await,
        }
    }

    async fn answer(&self, claim: &Claim) {
        let started = Instant::now();
        self.metrics.turn_began();
        let (ending, model) = self.ask(claim).await;
        let channel = &claim.inbound.channel;
        self.metrics.turn_ended(ending, channel, model, started.elapsed());
    }

    /// Lets the agent answer, stores the result and hands it to the delivery; says how it ended, and
    /// with which model.
    async fn ask(&self, claim: &Claim) -> (&'static str, Option<String>) {
        let inbound = &claim.inbound;
        let done = claim.checkpoint.as_deref().map(read_checkpoint).unwrap_or_default();
        // The gateway cuts a turn off, a person stops it.
        let cut_off = self.abort.child_token();
        let cancel = cut_off.child_token();
        let speaker = self.speaker(claim, &done, &cut_off);
        let running = self.running.begin(&inbound.session, cancel.clone());
        let model = self.models.of(&inbound.session);
        let turn = Turn { model, ..turn(inbound, &claim.history, cancel) };
        let agent = self.agent.get();
        let answer = AssertUnwindSafe(agent.resume_turn(turn, done, &speaker)).catch_unwind();
        let answered = tokio::select! {
            answered = answer => answered,
            never = self.keep_checkpoints(&inbound.id, speaker.checkpoints()) => match never {},
        };
        let outcome = answered.unwrap_or_else(|_| {
            tracing::error!("A turn panicked.");
            panicked(&speaker.said())
        });
        if cut_off.is_cancelled() && outcome.ending == Ending::Interrupted {
            self.give_back(&inbound.session).await;
            return ("cut_off", None);
        }
        // All is said: who writes while it is being stored does not have to wait for it.
        drop(running);
        let used = turn_usage(&inbound.channel, &outcome);
        used.iter().for_each(|used| self.metrics.tokens(used));
        let ending = match outcome.ending {
            Ending::Complete => "complete",
            Ending::Interrupted => "interrupted",
            Ending::Failed => "failed",
        };
        let model = outcome.model.clone();
        self.commit(inbound, outcome, used, speaker).await;
        (ending, model)
    }

    /// Stores how far a turn is, so that what its tools did is not done again after a crash.
    async fn keep_checkpoints(
        &self,
        inbound_id: &str,
        mut done: watch::Receiver<Option<String>>,
    ) -> Infallible {
        while done.changed().await.is_ok() {
            let newest = done.borrow_and_update().clone();
            let Some(json) = newest else { continue };
            if let Err(error) = self.ledger.checkpoint(inbound_id, json).await {
                tracing::error!(%error, "Could not store how far a turn is.");
            }
        }
        std::future::pending().await
    }

    /// Begins a new conversation in the session.
    async fn forget(&self, claim: &Claim) {
        let inbound = &claim.inbound;
        let forget = || self.ledger.delete_session(&inbound.session);
        if self.until_stored("forget a conversation", forget).await.is_none() {
            return;
        }
        self.say(claim, NEW_SESSION).await;
    }

    /// Ends a turn with a text that no agent wrote.
    async fn say(&self, claim: &Claim, reply: &str) {
        let speaker = self.speaker(claim, &[], &self.abort);
        let outcome = TurnOutcome {
            reply: reply.to_owned(),
            history: Vec::new(),
            ending: Ending::Complete,
            usage: Usage::default(),
            model: None,
            elapsed: Duration::ZERO,
        };
        self.commit(&claim.inbound, outcome, None, speaker).await;
    }

    async fn commit(
        &self,
        inbound: &InboundEntry,
        outcome: TurnOutcome,
        usage: Option<TurnUsage>,
        speaker: Speaker<'_>,
    ) {
        let TurnOutcome { reply, history, ending, .. } = outcome;
        // A turn that was stopped before it said anything has nothing to deliver.
        let entry = (!reply.is_empty()).then(|| speaker.final_entry(&reply));
        let commit = TurnCommit {
            inbound_id: inbound.id.clone(),
            joined: speaker.joined(),
            session: inbound.session.clone(),
            history: history.iter().filter_map(|it| serde_json::to_string(it).ok()).collect(),
            outbound: entry.iter().cloned().collect(),
            usage,
        };
        let store = || self.ledger.commit_turn(commit.clone());
        if self.until_stored("store an answer", store).await.is_some()
            && let Some(entry) = entry
        {
            speaker.deliver(entry, ending).await;
        }
    }

    async fn give_back(&self, session: &str) {
        if let Err(error) = self.ledger.release(session).await {
            tracing::error!(%error, "Could not give a message back.");
        }
    }

    /// Tries until the ledger takes it; `None` if the gateway ends before.
    async fn until_stored<F, T>(&self, action: &str, store: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, LedgerError>>,
    {
        loop {
            match store().await {
                Ok(stored) => return Some(stored),
                Err(error) => {
                    tracing::error!(%error, action, "The ledger failed; trying again.");
                    self.abort.run_until_cancelled(tokio::time::sleep(STORE_RETRY)).await?;
                }
            }
        }
    }

    fn speaker<'a>(
        &'a self,
        claim: &'a Claim,
        done: &[Message],
        cut_off: &'a CancellationToken,
    ) -> Speaker<'a> {
        let (inbound, ledger, delivery) = (&claim.inbound, self.ledger.as_ref(), &self.delivery);
        let is_repeated = claim.attempt > 1;
        let post = Post { ledger, delivery, board: &self.board, inbound, is_repeated };
        let (running, closing) = (&self.running, &self.closing);
        let questions = Questions { delivery, running, inbound, closing, cut_off };
        let joining = Joining::new(ledger, inbound, done);
        // What has joined before a crash is finished with the turn, whatever is configured now.
        let joining = (self.steers || !joining.joined().is_empty()).then_some(joining);
        Speaker::new(post, questions, joining, self.roster.hears(&inbound.channel))
    }
}

fn turn(inbound: &InboundEntry, history: &[String], cancel: CancellationToken) -> Turn {
    let message = &inbound.message;
    let sender = nanobot_agent::Sender {
        id: message.sender.id.clone(),
        display_name: message.sender.display_name.clone(),
    };
    Turn {
        session: inbound.session.clone(),
        model: None,
        channel: inbound.channel.clone(),
        chat_id: message.chat_id.clone(),
        sender,
        text: message.text.clone(),
        attachments: message.attachments.iter().map(place).collect(),
        history: history.iter().filter_map(|entry| read_entry(entry)).collect(),
        cancel,
    }
}

fn panicked(said: &str) -> TurnOutcome {
    let reply =
        if said.is_empty() { PANIC_NOTICE.to_owned() } else { format!("{said}\n\n{PANIC_NOTICE}") };
    TurnOutcome {
        reply,
        history: Vec::new(),
        ending: Ending::Failed,
        usage: Usage::default(),
        model: None,
        elapsed: Duration::ZERO,
    }
}

fn read_entry(entry: &str) -> Option<Message> {
    serde_json::from_str(entry)
        .inspect_err(|error| tracing::warn!(%error, "Left out an entry of the history."))
        .ok()
}

fn read_checkpoint(json: &str) -> Vec<Message> {
    serde_json::from_str(json)
        .inspect_err(|error| tracing::warn!(%error, "Began a turn anew that was cut off."))
        .unwrap_or_default()
}

fn place(attachment: &Attachment) -> String {
    match &attachment.location {
        Location::Path(path) => path.display().to_string(),
        Location::Url(url) => url.clone(),
    }
}
