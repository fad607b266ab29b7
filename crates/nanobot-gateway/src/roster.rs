use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use nanobot_channel::Channel;

use crate::channel_spec::ChannelSpec;

/// The channels of the gateway. Written by the supervisor, read by turns and delivery lanes.
#[derive(Default)]
pub(crate) struct Roster {
    entries: RwLock<HashMap<String, Entry>>,
}

struct Entry {
    hears: Hears,
    running: Option<Arc<dyn Channel>>,
}

/// What a channel wants to hear while a turn runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hears {
    pub(crate) deltas: bool,
    pub(crate) progress: bool,
}

impl Roster {
    /// Adds a channel, or changes what it wants to hear.
    pub(crate) fn enroll(&self, spec: &ChannelSpec) {
        let hears = Hears {
            deltas: spec.streams,
            progress: spec.send_progress,
        };
        let mut entries = self.write();
        let entry = entries.entry(spec.name.clone());
        entry
            .or_insert(Entry {
                hears,
                running: None,
            })
            .hears = hears;
    }

    /// What a channel wants to hear; nothing if it is not known.
    pub(crate) fn hears(&self, name: &str) -> Hears {
        self.read()
            .get(name)
            .map(|entry| entry.hears)
            .unwrap_or_default()
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
