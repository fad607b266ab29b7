//! What changes while the gateway runs.

use std::sync::{Arc, Mutex, PoisonError};

use nanobot_agent::Agent;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use super::Gateway;
use crate::channel_spec::ChannelSpec;
use crate::intake::Intake;
use crate::supervisor::Change;

/// Requests for a reload that may wait; further ones are told to come back.
const MAX_REQUESTS: usize = 8;

/// How the gateway is to be from now on.
pub struct Wanted {
    /// All channels that are to run.
    pub channels: Vec<ChannelSpec>,
    /// Who answers from the next turn on, if that changes.
    pub agent: Option<Arc<Agent>>,
    /// Tries of a delivery that the channel itself fails.
    pub max_attempts: u32,
}

/// What a reload changed, by the names of the channels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Channels that run now and did not before.
    pub started: Vec<String>,
    /// Channels that start again, once their deliveries under way have ended.
    pub restarted: Vec<String>,
    /// Channels that go on, by other rules.
    pub adjusted: Vec<String>,
    /// Channels that no longer run.
    pub stopped: Vec<String>,
    /// Whether another agent answers.
    pub agent: bool,
}

/// Somebody asks over the control socket for the config and the plugins to be read again.
pub type ReloadRequest = oneshot::Sender<Reloaded>;

/// How a reload went, and in the status: how the last one that mattered did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// What changed; nothing if there is a problem.
    pub applied: Applied,
    /// Why the config was not taken, with its place. The one before holds until this is mended.
    pub problem: Option<String>,
    /// Keys whose change takes effect after a restart of the gateway.
    pub needs_restart: Vec<String>,
}

/// How the last reload went.
#[derive(Default)]
pub(super) struct LastReload(Mutex<Reloaded>);

impl LastReload {
    pub(super) fn get(&self) -> Reloaded {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, reloaded: Reloaded) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reloaded;
    }
}

/// The two ends of the queue of requests.
pub(super) fn requests() -> (mpsc::Sender<ReloadRequest>, mpsc::Receiver<ReloadRequest>) {
    mpsc::channel(MAX_REQUESTS)
}

impl Gateway {
    /// Makes the gateway what is wanted. Channels that are not touched go on without noticing;
    /// running turns and deliveries are not cut. Once the gateway stops nothing changes any more.
    pub fn apply(&self, wanted: Wanted) -> Applied {
        let mut applied = Applied::default();
        if self.reception.closing.is_cancelled() {
            return applied;
        }
        self.reception.delivery.set_max_attempts(wanted.max_attempts);
        if let Some(agent) = wanted.agent {
            self.reception.models.configure(agent.models());
            self.reception.about.agent.replace(agent);
            applied.agent = true;
        }
        let names: Vec<String> = wanted.channels.iter().map(|spec| spec.name.clone()).collect();
        applied.stopped = self.supervisor.keep_only(&names);
        for spec in wanted.channels {
            let name = spec.name.clone();
            let intake = Intake::new(&spec, Arc::clone(&self.reception));
            let inbox = move || Arc::new(intake) as _;
            match self.supervisor.order(spec, inbox) {
                Change::Started => applied.started.push(name),
                Change::Restarted => applied.restarted.push(name),
                Change::Adjusted => applied.adjusted.push(name),
                Change::Unchanged => {}
            }
        }
        applied
    }

    /// Remembers how a reload went, for whoever asks for the status.
    pub fn note_reload(&self, reloaded: Reloaded) {
        self.last_reload.set(reloaded);
    }

    /// The requests for a reload, for whoever reads the config. Can be taken once.
    ///
    /// # Panics
    ///
    /// If it was taken before.
    pub fn take_reload_requests(&mut self) -> mpsc::Receiver<ReloadRequest> {
        self.reload_requests.take().expect("the requests are taken once")
    }
}

impl Applied {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::fmt::Display for Applied {
    /// One line for people, such as `restarted telegram; stopped webhook`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lists = [
            ("started", &self.started),
            ("restarted", &self.restarted),
            ("changed the rules of", &self.adjusted),
            ("stopped", &self.stopped),
        ];
        let named = lists.iter().filter(|(_, names)| !names.is_empty());
        let mut parts: Vec<String> =
            named.map(|(verb, names)| format!("{verb} {}", names.join(", "))).collect();
        if self.agent {
            parts.push("changed the agent".to_owned());
        }
        if parts.is_empty() {
            return f.write_str("nothing changed");
        }
        f.write_str(&parts.join("; "))
    }
}
