//! Takes messages from the channels: allow-list, bounds, ledger, scheduler.

mod bounds;
mod folders;
mod publish;
mod recordings;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use nanobot_agent::{Permission, Transcriber};
use nanobot_channel::{
    Acceptance, ChannelError, ChannelStatus, ErrorKind, InboundMessage, Inbox, Offers,
    OutboundKind, OutboundMessage, Publication, Sender,
};
use nanobot_ledger::{Accepted, InboundEntry, Ledger, LedgerError, TurnCommit, new_id, now_ms};
use tokio_util::sync::CancellationToken;

use crate::channel_spec::ChannelSpec;
use crate::commands::{self, About, Command};
use crate::delivery::Delivery;
use crate::metrics::Metrics;
use crate::model_command::{self, ModelChoices};
use crate::questions;
use crate::roster::Roster;
use crate::running::RunningTurns;
use crate::scheduler::Scheduler;
use crate::speaker::message_to;
use crate::status::{ChannelReport, StatusBoard};

use folders::Folders;
use publish::Publishing;

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
    /// Cancelled when a person wants the gateway to start again; `None` if nobody may.
    pub(crate) restart: Option<CancellationToken>,
}

impl Reception {
    /// What turns speech into text, if it is configured.
    fn transcriber(&self) -> Option<Arc<Transcriber>> {
        self.about.agent.get().transcriber()
    }
}

/// The gateway as one channel sees it. The only place where the allow-list is enforced.
pub(crate) struct Intake {
    pub(crate) channel: String,
    folders: Folders,
    publishing: Publishing,
    pub(crate) reception: Arc<Reception>,
}

/// Who says that a sender may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vouched {
    /// Nobody but the allow-list.
    No,
    /// The channel, by a rule of its own.
    ByChannel,
}

#[async_trait]
impl Inbox for Intake {
    async fn handle_message(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        self.receive(message, Vouched::No).await
    }

    async fn handle_vouched_message(
        &self,
        message: InboundMessage,
    ) -> Result<Acceptance, ChannelError> {
        self.receive(message, Vouched::ByChannel).await
    }

    async fn is_allowed(&self, sender: Sender) -> Result<bool, ChannelError> {
        Ok(self.reception.roster.allows(&self.channel, &sender))
    }

    fn report(&self, status: ChannelStatus) {
        self.reception.board.reported(&self.channel, status);
    }

    fn offers(&self) -> Offers {
        Offers {
            transcription: self.reception.transcriber().is_some(),
            publish: !self.reception.roster.rights(&self.channel).publishes_to.is_empty(),
        }
    }

    async fn transcribe_audio(&self, file: &Path) -> Result<String, ChannelError> {
        self.words_of(file).await
    }

    async fn publish(&self, message: Publication) -> Result<(), ChannelError> {
        self.pass_on(message).await
    }
}

impl Intake {
    pub(crate) fn new(spec: &ChannelSpec, reception: Arc<Reception>) -> Self {
        let folders =
            Folders { state_dir: spec.state_dir.clone(), media_dir: spec.media_dir.clone() };
        let publishing = Publishing::default();
        Self { channel: spec.name.clone(), folders, publishing, reception }
    }

    async fn receive(
        &self,
        message: InboundMessage,
        vouched: Vouched,
    ) -> Result<Acceptance, ChannelError> {
        let started = Instant::now();
        self.reception.board.received(&self.channel);
        let result = self.take(message, vouched).await;
        let outcome = match &result {
            Ok(Acceptance::Accepted) => "accepted",
            Ok(Acceptance::Duplicate) => "duplicate",
            Ok(Acceptance::Denied) => "denied",
            Err(error) => error.kind().as_str(),
        };
        self.reception.metrics.message(&self.channel, outcome, started.elapsed());
        result
    }

    /// The allow-list decides, and beside it only a channel whose own rule the config lets count.
    fn lets_in(&self, sender: &Sender, vouched: Vouched) -> bool {
        let roster = &self.reception.roster;
        let is_vouched = vouched == Vouched::ByChannel && roster.rights(&self.channel).vouches;
        is_vouched || roster.allows(&self.channel, sender)
    }

    async fn take(
        &self,
        message: InboundMessage,
        vouched: Vouched,
    ) -> Result<Acceptance, ChannelError> {
        // Before the allow-list, which a channel that was removed no longer has: it must not take
        // its last messages for denied, but offer them again.
        if self.reception.roster.is_leaving(&self.channel) {
            return Err(overloaded("the channel is stopping"));
        }
        if !self.lets_in(&message.sender, vouched) {
            tracing::warn!(
                channel = self.channel,
                sender = message.sender.id,
                "Denied access; add the sender to allowFrom in the channel's config to grant it."
            );
            return Ok(Acceptance::Denied);
        }
        bounds::check_message(&message)?;
        if self.reception.closing.is_cancelled() {
            return Err(overloaded("the gateway is stopping"));
        }
        if let Some(name) = model_command::parse(&message.text) {
            return Ok(self.reception.choose_model(&self.channel, &message, name));
        }
        match Command::parse(&message.text) {
            None | Some(Command::New) => self.reception.take(&self.channel, message).await,
            Some(Command::Restart) => self.reception.restart(&self.channel, &message).await,
            Some(command) => self.reception.obey(&self.channel, &message, command).await,
        }
    }
}

impl Reception {
    /// How the channels are, with what is to be delivered through each.
    pub(crate) fn channels(&self) -> BTreeMap<String, ChannelReport> {
        let mut reports = self.board.snapshot();
        for (channel, queue) in self.delivery.queues() {
            if let Some(report) = reports.get_mut(&channel) {
                report.queue = queue;
            }
        }
        reports
    }

    /// Stores a message; it is answered in its turn, or is itself an answer to a question.
    async fn take(
        &self,
        channel: &str,
        message: InboundMessage,
    ) -> Result<Acceptance, ChannelError> {
        let session = session_key(channel, &message);
        let permission = questions::answer_in(&message.text)
            .filter(|_| self.running.waits_for_answer(&session, &message.sender.id));
        let busy = self.running.turn_of(&session);
        let busy_notice = busy.and_then(|_| self.busy_notice(channel, &session, &message));
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
            Ok(Accepted::Full) => return Err(full()),
            Err(error) => return Err(cannot_store(channel, error)),
        }
        if let Some(permission) = permission {
            return self.answer_question(channel, id, session, permission).await;
        }
        self.scheduler.wake(&session);
        // Behind other messages of the chat, or behind the answer, it would come too late. While the
        // message was stored, the turn that it waits for may have ended.
        if let Some(notice) = busy_notice
            && self.running.turn_of(&session) == busy
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
        let is_told = self.tells_waiting && self.roster.hears(channel).progress;
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
                let model = self.models.of(&session).unwrap_or_else(|| self.about.model());
                // Without it the answer still says that the gateway lives.
                let usage = self.ledger.session_usage(&session).await.unwrap_or_default();
                self.about.status(&model, self.running.turn_of(&session).is_some(), &usage)
            }
            Command::Help | Command::New | Command::Restart => commands::HELP.to_owned(),
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

/// The ledger holds as many messages as it may.
pub(crate) fn full() -> ChannelError {
    overloaded("too many messages wait for the agent")
}

pub(crate) fn cannot_store(channel: &str, error: LedgerError) -> ChannelError {
    tracing::error!(%error, channel, "Could not store a message.");
    overloaded("the gateway cannot store messages").with_source(error)
}

/// The agent's memory that a message belongs to: its chat and thread, unless it names another. It
/// only ever names one of its own channel: else a plugin could read and steer the conversations of
/// all others.
fn session_key(channel: &str, message: &InboundMessage) -> String {
    let is_own = |key: &str| key.strip_prefix(channel).is_some_and(|rest| rest.starts_with(':'));
    match (&message.session_key, &message.thread_id) {
        (Some(key), _) if is_own(key) => key.clone(),
        (Some(key), _) if !key.is_empty() => format!("{channel}:{key}"),
        (_, Some(thread)) => format!("{channel}:{}:{thread}", message.chat_id),
        (_, None) => format!("{channel}:{}", message.chat_id),
    }
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

    fn named(key: &str) -> InboundMessage {
        InboundMessage { session_key: Some(key.into()), thread_id: Some("7".into()), ..message() }
    }

    #[test]
    fn session_is_the_chat_and_thread_unless_the_message_names_one() {
        let threaded = InboundMessage { thread_id: Some("7".into()), ..message() };
        assert_eq!(session_key("webhook", &message()), "webhook:42");
        assert_eq!(session_key("webhook", &threaded), "webhook:42:7");
        assert_eq!(session_key("webhook", &named("webhook:42:topic:7")), "webhook:42:topic:7");
        assert_eq!(session_key("webhook", &named("")), "webhook:42:7");
    }

    #[test]
    fn what_a_message_names_is_a_session_of_its_own_channel_whatever_it_says() {
        for (key, session) in [
            ("family", "webhook:family"),
            ("telegram:42", "webhook:telegram:42"),
            ("webhook2:42", "webhook:webhook2:42"),
            ("webhook", "webhook:webhook"),
        ] {
            assert_eq!(session_key("webhook", &named(key)), session);
        }
    }
}
