use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Receiver;
use crate::api::{Channel, Id};

/// Places that are remembered. What is forgotten is asked for when it is needed.
const MAX_PLACES: usize = 20_000;

/// What a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The server; none for private chats.
    pub(super) guild: Option<Id>,
    /// The channel that a thread belongs to.
    pub(super) parent: Option<Id>,
}

impl Place {
    pub(super) const PRIVATE: Self = Self { guild: None, parent: None };

    pub(super) fn is_private(self) -> bool {
        self.guild.is_none()
    }
}

/// What each channel is, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Places {
    known: Mutex<HashMap<Id, Place>>,
}

impl Places {
    pub(super) fn note(&self, channel: Id, place: Place) {
        let mut known = self.known();
        if known.len() >= MAX_PLACES && !known.contains_key(&channel) {
            known.clear();
        }
        known.insert(channel, place);
    }

    /// Notes a channel. One that says neither that it is private nor where it belongs is looked up
    /// when it is needed.
    pub(super) fn note_channel(&self, channel: &Channel) {
        if channel.guild_id.is_none() && !channel.is_private() {
            return;
        }
        self.note(channel.id, Place { guild: channel.guild_id, parent: channel.thread_parent() });
    }

    fn get(&self, channel: Id) -> Option<Place> {
        self.known().get(&channel).copied()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Id, Place>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// What a channel is; asks Discord if nobody told yet. `guild` is what the message says.
    pub(super) async fn place(&self, channel: Id, guild: Option<Id>) -> Place {
        if let Some(place) = self.places.get(channel) {
            return place;
        }
        match self.until_shutdown(self.api.get_channel(channel)).await {
            Ok(found) => {
                let guild = found.guild_id.or(guild).filter(|_| !found.is_private());
                let place = Place { guild, parent: found.thread_parent() };
                self.places.note(channel, place);
                place
            }
            Err(error) => {
                tracing::debug!(%error, "Could not learn what a channel is.");
                // Who is not known to be alone with the agent counts as one of many.
                Place { guild: guild.or(Some(Id::default())), parent: None }
            }
        }
    }

    /// True if the config does not keep the agent out of this place.
    pub(super) fn is_open_place(&self, channel: Id, place: Place) -> bool {
        let allowed = &self.config.allow_channels;
        let is_listed = |id: Id| allowed.iter().any(|listed| listed.parse() == Ok(id));
        place.is_private()
            || allowed.is_empty()
            || is_listed(channel)
            || place.parent.is_some_and(is_listed)
    }
}
