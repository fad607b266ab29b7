//! How the channels are: the board that the supervisor writes and the control port shows.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nanobot_channel::{ChannelError, ChannelState, ChannelStatus};
use nanobot_ledger::now_ms;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::channel_spec::ChannelSpec;
use crate::delivery::Queue;

/// State of a channel as the gateway sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Started, not yet connected to its platform.
    Connecting,
    /// Receives messages.
    Connected,
    /// Lost its platform or crashed; starts again by itself.
    Retrying,
    /// Needs a login or another token.
    LoginRequired,
    /// Crashed again and again; retried at a slow pace.
    Failing,
    /// Ended with the gateway.
    Stopped,
}

/// One channel on the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelReport {
    /// Name for people.
    pub display_name: String,
    /// Whether the channel lets people in by a rule of its own, beyond the allow-list.
    #[serde(default)]
    pub decides_access: bool,
    /// Whether the channel runs in a process of its own.
    #[serde(default)]
    pub has_process: bool,
    /// The state itself.
    pub state: State,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
    /// One line for people.
    pub message: Option<String>,
    /// Who the agent is on the platform.
    pub account: Option<String>,
    /// Starts after the first.
    pub restarts: u64,
    /// When the channel last handed over a message, in milliseconds since 1970.
    pub last_event_ms: Option<u64>,
    /// When a delivery last succeeded, in milliseconds since 1970.
    pub last_delivery_ms: Option<u64>,
    /// Why it last ended.
    pub last_error: Option<String>,
    /// When that was, in milliseconds since 1970.
    #[serde(default)]
    pub last_error_ms: Option<u64>,
    /// What it had logged last before it ended, oldest first; empty for a channel without a log of
    /// its own.
    #[serde(default)]
    pub last_log: Vec<String>,
    /// What is to be delivered through it.
    #[serde(default)]
    pub queue: Queue,
    /// What a person should know until the channel is changed again.
    #[serde(default)]
    pub note: Option<String>,
}

/// The board: one report for each enabled channel.
#[derive(Debug)]
pub struct StatusBoard {
    reports: Mutex<BTreeMap<String, ChannelReport>>,
    changed: watch::Sender<u64>,
}

impl StatusBoard {
    pub(crate) fn new() -> Self {
        Self { reports: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// A copy of all reports, by name of the channel.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, ChannelReport> {
        self.reports().clone()
    }

    /// Waits until a channel is in a state; returns at once if it is.
    pub async fn wait_for(&self, channel: &str, state: State) {
        let mut changed = self.changed.subscribe();
        let is_there = || self.reports().get(channel).is_some_and(|it| it.state == state);
        while !is_there() && changed.changed().await.is_ok() {}
    }

    /// Waits until a channel gets connected, even if it is connected now.
    pub(crate) async fn connected_again(&self, channel: &str) {
        let mut changed = self.changed.subscribe();
        while changed.changed().await.is_ok() {
            if self.reports().get(channel).is_some_and(|it| it.state == State::Connected) {
                return;
            }
        }
    }

    /// Whether there is such a channel.
    pub(crate) fn has(&self, channel: &str) -> bool {
        self.reports().contains_key(channel)
    }

    /// Wakes with each change of a state.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Puts a channel on the board, if it is not there.
    pub(crate) fn add(&self, spec: &ChannelSpec) {
        let mut reports = self.reports();
        let new = || ChannelReport::new(&spec.display_name, State::Connecting);
        let report = reports.entry(spec.name.clone()).or_insert_with(new);
        report.decides_access = spec.rights.vouches;
        report.has_process = spec.has_process;
    }

    pub(crate) fn remove(&self, channel: &str) {
        if self.reports().remove(channel).is_some() {
            self.changed.send_modify(|version| *version += 1);
        }
    }

    /// Waits until a channel is no longer on the board.
    pub async fn wait_until_gone(&self, channel: &str) {
        let mut changed = self.changed.subscribe();
        while self.reports().contains_key(channel) && changed.changed().await.is_ok() {}
    }

    pub(crate) fn note(&self, channel: &str, note: Option<String>) {
        self.update(channel, |report| report.note = note);
    }

    /// Takes over what the channel says of itself.
    pub(crate) fn reported(&self, channel: &str, status: ChannelStatus) {
        self.update(channel, |report| {
            report.enter(match status.state {
                ChannelState::Connecting => State::Connecting,
                ChannelState::Connected => State::Connected,
                ChannelState::Retrying => State::Retrying,
                ChannelState::LoginRequired => State::LoginRequired,
                ChannelState::Failed => State::Failing,
            });
            report.message = status.message;
            if let Some(account) = status.account {
                report.account = Some(account.display_name.unwrap_or(account.id));
            }
            report.last_event_ms = report.last_event_ms.max(status.last_event_ms);
        });
    }

    pub(crate) fn entered(&self, channel: &str, state: State, message: Option<String>) {
        self.update(channel, |report| {
            report.enter(state);
            report.message = message;
        });
    }

    pub(crate) fn ended(&self, channel: &str, state: State, error: &ChannelError, message: String) {
        self.update(channel, |report| {
            report.enter(state);
            report.last_log = error.log().to_vec();
            // The text with its causes would say the log again.
            let is_in_log = !report.last_log.is_empty();
            report.last_error = Some(if is_in_log { error.to_string() } else { error.report() });
            report.last_error_ms = Some(now_ms());
            report.message = Some(message);
        });
    }

    pub(crate) fn restarting(&self, channel: &str) {
        self.update(channel, |report| {
            report.enter(State::Connecting);
            report.message = None;
            report.restarts += 1;
        });
    }

    /// A message came in: the channel is connected, whatever it said before.
    pub(crate) fn received(&self, channel: &str) {
        self.update(channel, |report| {
            report.last_event_ms = Some(now_ms());
            if report.state == State::Connecting {
                report.enter(State::Connected);
            }
        });
    }

    pub(crate) fn delivered(&self, channel: &str) {
        self.update(channel, |report| report.last_delivery_ms = Some(now_ms()));
    }

    fn update(&self, channel: &str, change: impl FnOnce(&mut ChannelReport)) {
        let mut reports = self.reports();
        let Some(report) = reports.get_mut(channel) else {
            return;
        };
        let before = report.state;
        change(report);
        let is_news = report.state != before;
        drop(reports);
        if is_news {
            self.changed.send_modify(|version| *version += 1);
        }
    }

    fn reports(&self) -> MutexGuard<'_, BTreeMap<String, ChannelReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChannelReport {
    /// Why it last ended, in one line: the error, and the last words of its log.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let error = self.last_error.as_deref()?;
        let last_words = self.last_log.iter().rev().find(|line| !line.trim().is_empty());
        let parts = [Some(error), last_words.map(String::as_str)];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// A channel that enters this state now, and of which nothing else is known.
    pub(crate) fn new(display_name: &str, state: State) -> Self {
        Self {
            display_name: display_name.to_owned(),
            decides_access: false,
            has_process: false,
            state,
            since_ms: now_ms(),
            message: None,
            account: None,
            restarts: 0,
            last_event_ms: None,
            last_delivery_ms: None,
            last_error: None,
            last_error_ms: None,
            last_log: Vec::new(),
            queue: Queue::default(),
            note: None,
        }
    }

    fn enter(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.since_ms = now_ms();
        }
    }
}
