use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use nanobot_channel::Channel;

/// The channels that run now. Written by the supervisor, read by the lanes.
#[derive(Default)]
pub(crate) struct ChannelTable {
    running: RwLock<HashMap<String, Arc<dyn Channel>>>,
}

impl ChannelTable {
    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn Channel>> {
        self.running
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    pub(crate) fn set(&self, name: &str, channel: Option<Arc<dyn Channel>>) {
        let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
        match channel {
            Some(channel) => running.insert(name.to_owned(), channel),
            None => running.remove(name),
        };
    }
}
