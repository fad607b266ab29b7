//! A gateway that remembers what a channel handed over.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanobot_channel::{
    Acceptance, ChannelError, ChannelState, ChannelStatus, ErrorKind, InboundMessage, Inbox,
    Sender, async_trait,
};

use crate::changes::{Changes, PATIENCE};

/// Time after which a busy gateway wants to be asked again.
const BUSY_WAIT: Duration = Duration::from_millis(20);

/// A gateway as a channel sees it: takes each event once, from everybody unless told otherwise.
#[derive(Default)]
pub struct FakeGateway {
    state: Mutex<GatewayState>,
    changes: Changes,
}

/// What a [`FakeGateway`] has seen.
#[derive(Debug, Default)]
pub struct GatewayState {
    /// Messages that were accepted, oldest first.
    pub messages: Vec<InboundMessage>,
    /// Messages that had been accepted before.
    pub duplicates: Vec<InboundMessage>,
    /// Messages of those who may not write.
    pub denied: Vec<InboundMessage>,
    /// What the channel said of itself, oldest first.
    pub statuses: Vec<ChannelStatus>,
    /// True once a call was held, until [`FakeGateway::let_go`].
    pub is_holding: bool,
    seen: HashSet<String>,
    allowed: Vec<String>,
    answers: VecDeque<Result<Acceptance, ChannelError>>,
    is_busy: bool,
    hold: Option<HoldPoint>,
}

/// Where the call of a channel is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldPoint {
    /// The message is not stored.
    BeforeStoring,
    /// The message is stored, and the channel does not know.
    AfterStoring,
}

impl FakeGateway {
    /// Lets nobody else write than these, by id or user name.
    pub fn allow_only(&self, names: &[&str]) {
        self.state().allowed = names.iter().map(|name| (*name).to_owned()).collect();
    }

    /// Queues what the next message is answered, instead of being stored.
    pub fn answer_next(&self, answer: Result<Acceptance, ChannelError>) {
        self.state().answers.push_back(answer);
    }

    /// While this is so, every message is answered with a time to wait.
    pub fn set_busy(&self, is_busy: bool) {
        self.state().is_busy = is_busy;
    }

    /// Holds every call at this point, as if the gateway hung there.
    pub fn hold(&self, point: HoldPoint) {
        let mut state = self.state();
        state.hold = Some(point);
        state.is_holding = false;
    }

    /// Holds no call any more; those that are held go on.
    pub fn let_go(&self) {
        {
            let mut state = self.state();
            state.hold = None;
            state.is_holding = false;
        }
        self.changes.tell();
    }

    /// Waits until a call is held.
    pub async fn wait_for_hold(&self) {
        self.wait_until("a call is held", |state| state.is_holding).await;
    }

    /// What was seen so far.
    pub fn state(&self) -> MutexGuard<'_, GatewayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The accepted messages, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<InboundMessage> {
        self.state().messages.clone()
    }

    /// The texts of the accepted messages.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.state().messages.iter().map(|message| message.text.clone()).collect()
    }

    /// Waits until this many messages are accepted; says all.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<InboundMessage> {
        self.wait_until("enough messages", |state| state.messages.len() >= count).await;
        self.messages()
    }

    /// Waits until the channel has said that it is in a state; says its last word of that kind.
    ///
    /// # Panics
    ///
    /// Panics when it does not say so within half a minute.
    pub async fn wait_for_state(&self, state: ChannelState) -> ChannelStatus {
        let is_said = |seen: &GatewayState| seen.last_status(state).is_some();
        self.wait_until(&format!("{state:?}"), is_said).await;
        self.state().last_status(state).expect("statuses are not forgotten meanwhile").clone()
    }

    /// Forgets what channels said of themselves, before the next one starts.
    pub fn forget_statuses(&self) {
        self.state().statuses.clear();
    }

    /// Waits until a condition holds; it is looked at after each call.
    ///
    /// # Panics
    ///
    /// Panics when it does not hold after half a minute.
    pub async fn wait_until(&self, what: &str, is_so: impl Fn(&GatewayState) -> bool) {
        if !self.changes.wait_until_within(PATIENCE, || is_so(&self.state())).await {
            let state = self.state();
            panic!("waited in vain for {what}: {:?} {:?}", state.messages, state.statuses);
        }
    }

    async fn pass(&self, point: HoldPoint) {
        self.state().notice(point);
        self.changes.tell();
        self.changes.wait_until(|| self.state().hold != Some(point)).await;
    }
}

impl GatewayState {
    fn last_status(&self, state: ChannelState) -> Option<&ChannelStatus> {
        self.statuses.iter().rfind(|status| status.state == state)
    }

    fn notice(&mut self, point: HoldPoint) {
        self.is_holding |= self.hold == Some(point);
    }

    fn may_write(&self, sender: &Sender) -> bool {
        self.allowed.is_empty() || sender.is_on(&self.allowed)
    }

    fn take(&mut self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        if self.is_busy {
            let error = ChannelError::new(ErrorKind::Overloaded, "the gateway is busy");
            return Err(error.with_retry_after(BUSY_WAIT));
        }
        if let Some(answer) = self.answers.pop_front() {
            return answer;
        }
        if !self.may_write(&message.sender) {
            self.denied.push(message);
            return Ok(Acceptance::Denied);
        }
        let event = message.event_id.clone().expect("every message has an event id");
        if !self.seen.insert(event) {
            self.duplicates.push(message);
            return Ok(Acceptance::Duplicate);
        }
        self.messages.push(message);
        Ok(Acceptance::Accepted)
    }
}

#[async_trait]
impl Inbox for FakeGateway {
    async fn handle_message(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        self.pass(HoldPoint::BeforeStoring).await;
        let result = self.state().take(message);
        self.changes.tell();
        self.pass(HoldPoint::AfterStoring).await;
        result
    }

    async fn is_allowed(&self, sender: Sender) -> Result<bool, ChannelError> {
        Ok(self.state().may_write(&sender))
    }

    fn report(&self, status: ChannelStatus) {
        self.state().statuses.push(status);
        self.changes.tell();
    }
}
