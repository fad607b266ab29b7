//! Takes messages from the channels: allow-list, bounds, ledger, scheduler.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use nanobot_agent::Permission;
use nanobot_channel::{
    Acceptance, ChannelError, ChannelStatus, ErrorKind, InboundMessage, Inbox, OutboundKind,
    OutboundMessage, Sender,
};
use nanobot_ledger::{Accepted, InboundEntry, Ledger, LedgerError, TurnCommit, new_id, now_ms};
use tokio_util::sync::CancellationToken;

use crate::commands::{self, About, Command};
use crate::delivery::Delivery;
use crate::metrics::Metrics;
use crate::model_command::{self, ModelChoices};
use crate::questions;
use crate::roster::Roster;
use crate::running::RunningTurns;
use crate::scheduler::Scheduler;
use crate::speaker::message_to;
use crate::status::StatusBoard;

/// Longest text that is taken, in bytes.
const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Most files that a message may have.
const MAX_ATTACHMENTS: usize = 32;
/// Longest id of a chat, sender, event, session, in bytes.
const MAX_ID_BYTES: usize = 1024;
/// Most metadata that a message may carry, in bytes of JSON.
const MAX_METADATA_BYTES: usize = 64 * 1024;
/// How long a channel is asked to wait when too many messages wait already.
const OVERLOADED_WAIT: Duration = Duration::from_secs(2);

/// Said when a message has to wait for its turn.
const WAITS: &str = "I am still busy with the message before; this one waits its turn.";
/// Said when a message has to wait because the turn before it does.
const ANSWER_FIRST: &str = "I am waiting for your yes or no; this message waits its turn.";

/// What the intakes of all channels share.
pub(crate) struct Reception {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) scheduler: Scheduler,
    pub(crate) delivery: Delivery,
    pub(crate) roster: Arc<Roster>,
    pub(crate) running: Arc<RunningTurns>,
    /// Whether a message that has to wait is told so.
    pub(crate) tells_waiting: bool,
    pub(crate) board: Arc<StatusBoard>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) about: About,
    pub(crate) models: Arc<ModelChoices>,
    pub(crate) closing: CancellationToken,
}

/// The gateway as one channel sees it. The only place where the allow-list is enforced.
pub(crate) struct Intake {
    pub(crate) channel: String,
    pub(crate) allow_from: Vec<String>,
    pub(crate) reception: Arc<Reception>,
}

#[async_trait]
impl Inbox for Intake {
    async fn handle_message(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        self.reception.board.received(&self.channel);
        let result = self.take(message).await;
        let outcome = match &result {
            Ok(Acceptance::Accepted) => "accepted",
            Ok(Acceptance::Duplicate) => "duplicate",
            Ok(Acceptance::Denied) => "denied",
            Err(error) => error.kind().as_str(),
        };
        self.reception.metrics.message(&self.channel, outcome);
        result
    }

    async fn is_allowed(&self, sender: Sender) -> Result<bool, ChannelError> {
        Ok(sender.is_on(&self.allow_from))
    }

    fn report(&self, status: ChannelStatus) {
        self.reception.board.reported(&self.channel, status);
    }
}

impl Intake {
    async fn take(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        if !message.sender.is_on(&self.allow_from) {
            tracing::warn!(
                channel = self.channel,
                sender = message.sender.id,
                "Denied access; add the sender to allowFrom in the channel's config to grant it."
            );
            return Ok(Acceptance::Denied);
        }
        check_bounds(&message)?;
        if self.reception.closing.is_cancelled() {
            return Err(overloaded("the gateway is stopping"));
        }
        if let Some(name) = model_command::parse(&message.text) {
            return Ok(self.reception.choose_model(&self.channel, &message, name));
        }
        match Command::parse(&message.text) {
            None | Some(Command::New) => self.reception.take(&self.channel, message).await,
            Some(command) => self.reception.obey(&self.channel, &message, command).await,
        }
    }
}

impl Reception {
    /// Stores a message; it is answered in its turn, or is itself an answer to a question.
    async fn take(
        &self,
        channel: &str,
        message: InboundMessage,
    ) -> Result<Acceptance, ChannelError> {
        let session = session_key(channel, &message);
        let permission = questions::answer_in(&message.text)
            .filter(|_| self.running.waits_for_answer(&session, &message.sender.id));
        let busy_notice = self.busy_notice(channel, &session, &message);
        let entry = InboundEntry {
            id: new_id(),
            channel: channel.to_owned(),
            session: session.clone(),
            received_ms: now_ms(),
            message,
        };
        let id = entry.id.clone();
        match self.ledger.accept(entry).await {
            Ok(Accepted::New) => {}
            Ok(Accepted::Duplicate) => return Ok(Acceptance::Duplicate),
            Ok(Accepted::Full) => return Err(overloaded("too many messages wait for the agent")),
            Err(error) => return Err(cannot_store(channel, error)),
        }
        if let Some(permission) = permission {
            return self.answer_question(channel, id, session, permission).await;
        }
        self.scheduler.wake(&session);
        // Behind other messages of the chat, or behind the answer, it would come too late.
        if let Some(notice) = busy_notice
            && self.delivery.is_free(channel, &notice)
            && self.scheduler.tell_once(&session)
        {
            self.delivery.offer(channel, notice);
        }
        Ok(Acceptance::Accepted)
    }

    /// Hands an answer to the turn that waits for it. It is stored first, so that the same event
    /// cannot answer a second question.
    async fn answer_question(
        &self,
        channel: &str,
        inbound_id: String,
        session: String,
        permission: Permission,
    ) -> Result<Acceptance, ChannelError> {
        let done = TurnCommit { inbound_id, session: session.clone(), ..TurnCommit::default() };
        self.ledger.commit_turn(done).await.map_err(|error| cannot_store(channel, error))?;
        self.running.answer(&session, permission);
        Ok(Acceptance::Accepted)
    }

    /// What is said about a message that has to wait for the one before it.
    fn busy_notice(
        &self,
        channel: &str,
        session: &str,
        message: &InboundMessage,
    ) -> Option<OutboundMessage> {
        let is_told = self.tells_waiting
            && self.running.is_busy(session)
            && self.roster.hears(channel).progress;
        let text = if self.running.waits_for_answer(session, &message.sender.id) {
            ANSWER_FIRST
        } else {
            WAITS
        };
        let kind = OutboundKind::Progress;
        is_told.then(|| message_to(message, new_id(), text.to_owned(), kind))
    }

    /// Obeys a command at once, however many messages of the session wait.
    async fn obey(
        &self,
        channel: &str,
        message: &InboundMessage,
        command: Command,
    ) -> Result<Acceptance, ChannelError> {
        let session = session_key(channel, message);
        let reply = match command {
            Command::Stop => {
                let waiting = self.ledger.discard_waiting(&session).await;
                let waiting = waiting.map_err(|error| cannot_store(channel, error))?;
                commands::stopped(waiting + u64::from(self.running.stop(&session)))
            }
            Command::Status => {
                let model = self.models.of(&session).unwrap_or(&self.about.model);
                // Without it the answer still says that the gateway lives.
                let usage = self.ledger.session_usage(&session).await.unwrap_or_default();
                self.about.status(model, self.running.is_busy(&session), &usage)
            }
            Command::Help | Command::New => commands::HELP.to_owned(),
        };
        self.delivery.offer(channel, message_to(message, new_id(), reply, OutboundKind::Notice));
        Ok(Acceptance::Accepted)
    }

    fn choose_model(&self, channel: &str, message: &InboundMessage, name: &str) -> Acceptance {
        let reply = self.models.obey(&session_key(channel, message), name);
        self.delivery.offer(channel, message_to(message, new_id(), reply, OutboundKind::Notice));
        Acceptance::Accepted
    }
}

fn cannot_store(channel: &str, error: LedgerError) -> ChannelError {
    tracing::error!(%error, channel, "Could not store a message.");
    overloaded("the gateway cannot store messages").with_source(error)
}

/// The agent's memory that a message belongs to: its chat and thread, unless it names another.
fn session_key(channel: &str, message: &InboundMessage) -> String {
    match (&message.session_key, &message.thread_id) {
        (Some(key), _) if !key.is_empty() => key.clone(),
        (_, Some(thread)) => format!("{channel}:{}:{thread}", message.chat_id),
        (_, None) => format!("{channel}:{}", message.chat_id),
    }
}

fn check_bounds(message: &InboundMessage) -> Result<(), ChannelError> {
    let ids = [
        Some(message.chat_id.as_str()),
        Some(message.sender.id.as_str()),
        message.event_id.as_deref(),
        message.thread_id.as_deref(),
        message.session_key.as_deref(),
        message.reply_to.as_deref(),
    ];
    if message.chat_id.is_empty() {
        return Err(ChannelError::rejected("the message names no chat"));
    }
    if ids.into_iter().flatten().any(|id| id.len() > MAX_ID_BYTES) {
        return Err(too_large("an id of the message", MAX_ID_BYTES, "bytes"));
    }
    if message.text.len() > MAX_TEXT_BYTES {
        return Err(too_large("the text", MAX_TEXT_BYTES, "bytes"));
    }
    if message.attachments.len() > MAX_ATTACHMENTS {
        return Err(too_large("the list of attachments", MAX_ATTACHMENTS, "entries"));
    }
    if !message.metadata.is_empty() && json_bytes(&message.metadata) > MAX_METADATA_BYTES {
        return Err(too_large("the metadata", MAX_METADATA_BYTES, "bytes"));
    }
    Ok(())
}

fn json_bytes(metadata: &nanobot_channel::Metadata) -> usize {
    serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len())
}

fn too_large(what: &str, bound: usize, unit: &str) -> ChannelError {
    ChannelError::rejected(format!("{what} is too large, at most {bound} {unit} are taken"))
}

fn overloaded(action: &'static str) -> ChannelError {
    ChannelError::new(ErrorKind::Overloaded, action).with_retry_after(OVERLOADED_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> InboundMessage {
        InboundMessage::new("ada", "42", "hi")
    }

    #[test]
    fn session_is_the_chat_and_thread_unless_the_message_names_one() {
        let threaded = InboundMessage { thread_id: Some("7".into()), ..message() };
        let named = InboundMessage { session_key: Some("family".into()), ..threaded.clone() };
        let unnamed = InboundMessage { session_key: Some(String::new()), ..message() };
        assert_eq!(session_key("webhook", &message()), "webhook:42");
        assert_eq!(session_key("webhook", &threaded), "webhook:42:7");
        assert_eq!(session_key("webhook", &named), "family");
        assert_eq!(session_key("webhook", &unnamed), "webhook:42");
    }

    #[test]
    fn what_is_too_large_is_rejected_and_says_the_bound() {
        #[track_caller]
        fn check(message: &InboundMessage, expected: &str) {
            let error = check_bounds(message).unwrap_err();
            assert_eq!((error.kind(), error.report()), (ErrorKind::Rejected, expected.to_owned()));
        }
        check_bounds(&message()).unwrap();
        check(
            &InboundMessage { text: "a".repeat(MAX_TEXT_BYTES + 1), ..message() },
            "the text is too large, at most 1048576 bytes are taken",
        );
        check(
            &InboundMessage { event_id: Some("e".repeat(2_000)), ..message() },
            "an id of the message is too large, at most 1024 bytes are taken",
        );
        check(
            &message().with_metadata("blob", "b".repeat(70_000)),
            "the metadata is too large, at most 65536 bytes are taken",
        );
        check(&InboundMessage { chat_id: String::new(), ..message() }, "the message names no chat");
    }
}
