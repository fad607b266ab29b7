//! Runs one turn: claim, agent, commit, delivery.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use nanobot_agent::{Agent, Ending, Message, Turn, TurnEvents, TurnOutcome, Usage};
use nanobot_channel::{
    Attachment, InboundMessage, Location, OutboundKind, OutboundMessage, StreamEnd, StreamOutcome,
};
use nanobot_ledger::{Claim, InboundEntry, Ledger, OutboundEntry, TurnCommit, new_id};
use tokio_util::sync::CancellationToken;

use crate::delivery::{Delivery, StreamHandle};
use crate::roster::{Hears, Roster};

/// Said when a turn panicked.
const PANIC_NOTICE: &str =
    "Sorry, something went wrong inside nanobot while answering. Its log says what.";
/// Pause before a result that could not be stored is stored again.
const COMMIT_RETRY: Duration = Duration::from_secs(1);

/// Runs turns; one for all sessions.
pub(crate) struct TurnRunner {
    pub(crate) agent: Arc<Agent>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) delivery: Delivery,
    pub(crate) roster: Arc<Roster>,
    /// Ends the running turns when the gateway cannot wait for them any longer.
    pub(crate) abort: CancellationToken,
}

impl TurnRunner {
    /// Answers one message. A turn that the gateway had to cut off is given back to the ledger.
    pub(crate) async fn run(&self, claim: Claim) {
        let Claim {
            inbound,
            history,
            attempt,
        } = claim;
        if attempt > 1 {
            tracing::info!(id = inbound.id, attempt, "Answering a message again.");
        }
        let hears = self.roster.hears(&inbound.channel);
        let speaker = Speaker::new(&self.delivery, &inbound, hears);
        let turn = self.turn(&inbound, &history);
        let answer = AssertUnwindSafe(self.agent.run_turn(turn, &speaker));
        let outcome = answer.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(id = inbound.id, "A turn panicked.");
            panicked(&speaker.said())
        });
        if self.abort.is_cancelled() && outcome.ending == Ending::Interrupted {
            return self.give_back(&inbound.session).await;
        }
        self.commit(&inbound, outcome, speaker).await;
    }

    fn turn(&self, inbound: &InboundEntry, history: &[String]) -> Turn {
        let message = &inbound.message;
        let sender = nanobot_agent::Sender {
            id: message.sender.id.clone(),
            display_name: message.sender.display_name.clone(),
        };
        Turn {
            session: inbound.session.clone(),
            channel: inbound.channel.clone(),
            chat_id: message.chat_id.clone(),
            sender,
            text: message.text.clone(),
            attachments: message.attachments.iter().map(place).collect(),
            history: history
                .iter()
                .filter_map(|entry| read_entry(entry))
                .collect(),
            cancel: self.abort.child_token(),
        }
    }

    async fn commit(&self, inbound: &InboundEntry, outcome: TurnOutcome, speaker: Speaker<'_>) {
        let entry = speaker.final_entry(&outcome);
        let commit = TurnCommit {
            inbound_id: inbound.id.clone(),
            session: inbound.session.clone(),
            history: outcome
                .history
                .iter()
                .filter_map(|it| serde_json::to_string(it).ok())
                .collect(),
            outbound: vec![entry.clone()],
        };
        while let Err(error) = self.ledger.commit_turn(commit.clone()).await {
            tracing::error!(%error, session = commit.session, "Could not store an answer; trying again.");
            if self
                .abort
                .run_until_cancelled(tokio::time::sleep(COMMIT_RETRY))
                .await
                .is_none()
            {
                return;
            }
        }
        speaker.deliver(entry, outcome.ending).await;
    }

    async fn give_back(&self, session: &str) {
        if let Err(error) = self.ledger.release(session).await {
            tracing::error!(%error, session, "Could not give a message back.");
        }
    }
}

/// Brings what a turn says to its chat.
struct Speaker<'a> {
    delivery: &'a Delivery,
    channel: &'a str,
    origin: &'a InboundMessage,
    delivery_id: String,
    hears: Hears,
    /// The open stream; `None` inside if there was no room for one.
    stream: OnceLock<Option<StreamHandle>>,
}

impl TurnEvents for Speaker<'_> {
    fn text(&self, piece: &str) {
        if !self.hears.deltas {
            return;
        }
        let open = || {
            self.delivery
                .open_stream(self.channel, self.message("", OutboundKind::Final))
        };
        if let Some(stream) = self.stream.get_or_init(open) {
            stream.push(piece);
        }
    }

    fn progress(&self, text: &str) {
        if self.hears.progress {
            let message = OutboundMessage {
                delivery_id: new_id(),
                ..self.message(text, OutboundKind::Progress)
            };
            self.delivery.offer(self.channel, message);
        }
    }
}

impl<'a> Speaker<'a> {
    fn new(delivery: &'a Delivery, inbound: &'a InboundEntry, hears: Hears) -> Self {
        Self {
            delivery,
            channel: &inbound.channel,
            origin: &inbound.message,
            delivery_id: new_id(),
            hears,
            stream: OnceLock::new(),
        }
    }

    fn message(&self, text: &str, kind: OutboundKind) -> OutboundMessage {
        OutboundMessage {
            delivery_id: self.delivery_id.clone(),
            chat_id: self.origin.chat_id.clone(),
            thread_id: self.origin.thread_id.clone(),
            text: text.to_owned(),
            kind,
            attachments: Vec::new(),
            reply_to: None,
            attempt: 1,
            metadata: self.origin.metadata.clone(),
        }
    }

    /// What the person has seen of the answer so far.
    fn said(&self) -> String {
        match self.stream.get() {
            Some(Some(stream)) => stream.text(),
            _ => String::new(),
        }
    }

    fn final_entry(&self, outcome: &TurnOutcome) -> OutboundEntry {
        let message = self.message(&outcome.reply, OutboundKind::Final);
        OutboundEntry {
            channel: self.channel.to_owned(),
            message,
        }
    }

    async fn deliver(mut self, entry: OutboundEntry, ending: Ending) {
        let outcome = match ending {
            Ending::Complete => StreamOutcome::Complete,
            Ending::Interrupted => StreamOutcome::Interrupted,
            Ending::Failed => StreamOutcome::Failed,
        };
        match self.stream.take() {
            Some(Some(stream)) => {
                stream.end(
                    entry.message.text,
                    StreamEnd {
                        outcome,
                        continues: false,
                    },
                );
            }
            _ => self.delivery.enqueue(entry).await,
        }
    }
}

fn panicked(said: &str) -> TurnOutcome {
    let reply = if said.is_empty() {
        PANIC_NOTICE.to_owned()
    } else {
        format!("{said}\n\n{PANIC_NOTICE}")
    };
    TurnOutcome {
        reply,
        history: Vec::new(),
        ending: Ending::Failed,
        usage: Usage::default(),
    }
}

fn read_entry(entry: &str) -> Option<Message> {
    serde_json::from_str(entry)
        .inspect_err(|error| tracing::warn!(%error, "Left out an entry of the history."))
        .ok()
}

fn place(attachment: &Attachment) -> String {
    match &attachment.location {
        Location::Path(path) => path.display().to_string(),
        Location::Url(url) => url.clone(),
    }
}
