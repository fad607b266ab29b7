use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use nanobot_channel::Channel;

use crate::channel_spec::{ChannelSpec, OnUnknown};

/// The channels of the gateway. Written by the supervisor, read by turns and delivery lanes.
#[derive(Default)]
pub(crate) struct Roster {
    entries: RwLock<HashMap<String, Entry>>,
}

struct Entry {
    hears: Hears,
    on_unknown: Option<OnUnknown>,
    running: Option<Arc<dyn Channel>>,
}

/// What a channel wants to hear while a turn runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hears {
    pub(crate) deltas: bool,
    /// Deltas of the turns that ask for them.
    pub(crate) deltas_on_request: bool,
    pub(crate) progress: bool,
    pub(crate) tool_hints: bool,
}

impl Roster {
    /// Adds a channel, or changes what it wants to hear.
    pub(crate) fn enroll(&self, spec: &ChannelSpec) {
        let hears = Hears {
            deltas: spec.streams,
            deltas_on_request: spec.rights.asks_for_streams,
            progress: spec.send_progress,
            tool_hints: spec.send_tool_hints,
        };
        let on_unknown = (!spec.deduplicates).then_some(spec.on_unknown);
        let mut entries = self.write();
        let running = entries.remove(&spec.name).and_then(|entry| entry.running);
        entries.insert(spec.name.clone(), Entry { hears, on_unknown, running });
    }

    /// What a channel wants to hear; nothing if it is not known.
    pub(crate) fn hears(&self, name: &str) -> Hears {
        self.read().get(name).map(|entry| entry.hears).unwrap_or_default()
    }

    /// What to do with a delivery of unknown outcome; `None` if repeating it is safe.
    pub(crate) fn on_unknown(&self, name: &str) -> Option<OnUnknown> {
        self.read().get(name).map_or(Some(OnUnknown::default()), |entry| entry.on_unknown)
    }

    /// The channel itself, while it runs.
    pub(crate) fn running(&self, name: &str) -> Option<Arc<dyn Channel>> {
        self.read().get(name)?.running.clone()
    }

    pub(crate) fn set_running(&self, name: &str, channel: Option<Arc<dyn Channel>>) {
        if let Some(entry) = self.write().get_mut(name) {
            entry.running = channel;
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Entry>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}
