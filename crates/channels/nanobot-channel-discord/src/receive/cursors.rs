use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanobot_channel_kit::store;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::api::Id;

/// Time in which changes are gathered. A place that is older than it could be costs nothing but
/// reading some messages twice.
const SAVE_PERIOD: Duration = Duration::from_secs(2);
/// Channels that are remembered; the one that was silent for longest is forgotten first.
const MAX_CHANNELS: usize = 5000;

/// For each channel the last message that is done with, kept on disk.
#[derive(Debug)]
pub(super) struct Cursors {
    path: PathBuf,
    state: Arc<Mutex<State>>,
    /// Held while the file is written, for the disk may be at work for a save that was given up.
    writing: Arc<Mutex<()>>,
    /// Wakes the saving.
    changed: Notify,
}

#[derive(Debug, Clone, Default)]
struct State {
    kept: Kept,
    is_dirty: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    /// The bot whose channels these are.
    bot: Id,
    channels: HashMap<Id, Cursor>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Cursor {
    last: Id,
    /// True for chats with one person: nobody tells of them at the start.
    #[serde(default)]
    private: bool,
}

impl Cursors {
    /// Reads the places; a file that cannot be read counts as none.
    pub(super) async fn open(state_dir: &Path) -> Self {
        let path = state_dir.join("cursors.json");
        let read = tokio::fs::read(&path).await.ok();
        let kept = read.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        let state = State { kept, is_dirty: false };
        Self {
            path,
            state: Arc::new(Mutex::new(state)),
            writing: Arc::default(),
            changed: Notify::new(),
        }
    }

    /// Forgets the places of another bot.
    pub(super) fn is_account(&self, bot: Id) {
        let mut state = self.state();
        if state.kept.bot != bot {
            *state = State { kept: Kept { bot, ..Kept::default() }, is_dirty: true };
        }
    }

    pub(super) fn get(&self, channel: Id) -> Option<Id> {
        self.state().kept.channels.get(&channel).map(|cursor| cursor.last)
    }

    /// The known private chats, or all channels.
    pub(super) fn channels(&self, all: bool) -> Vec<Id> {
        let state = self.state();
        let channels = state.kept.channels.iter().filter(|(_, cursor)| all || cursor.private);
        channels.map(|(channel, _)| *channel).collect()
    }

    /// Moves past a message that the gateway has stored, or that needs nothing.
    pub(super) fn advance(&self, channel: Id, last: Id, private: bool) {
        let mut state = self.state();
        let channels = &mut state.kept.channels;
        let cursor = channels.entry(channel).or_insert(Cursor { last: Id::default(), private });
        if cursor.last >= last {
            return;
        }
        cursor.last = last;
        cursor.private |= private;
        if channels.len() > MAX_CHANNELS {
            let oldest = channels.iter().min_by_key(|(_, cursor)| cursor.last);
            let oldest = oldest.map(|(channel, _)| *channel);
            oldest.map(|channel| channels.remove(&channel));
        }
        state.is_dirty = true;
        drop(state);
        self.changed.notify_one();
    }

    /// Forgets a channel that the bot cannot read any more.
    pub(super) fn forget(&self, channel: Id) {
        let mut state = self.state();
        state.is_dirty |= state.kept.channels.remove(&channel).is_some();
        drop(state);
        self.changed.notify_one();
    }

    /// Saves changes for as long as it is polled.
    pub(super) async fn keep_saved(&self) -> Infallible {
        loop {
            self.changed.notified().await;
            self.save().await;
            tokio::time::sleep(SAVE_PERIOD).await;
        }
    }

    pub(super) async fn save(&self) {
        let (path, state, writing) =
            (self.path.clone(), Arc::clone(&self.state), Arc::clone(&self.writing));
        if let Err(error) = store::blocking(move || save(&path, &state, &writing)).await {
            tracing::error!(%error, "Could not keep the places in Discord's channels.");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn save(path: &Path, state: &Mutex<State>, writing: &Mutex<()>) -> io::Result<()> {
    let _turn = lock(writing);
    let kept = {
        let mut state = lock(state);
        if !std::mem::take(&mut state.is_dirty) {
            return Ok(());
        }
        state.kept.clone()
    };
    let saved = serde_json::to_vec(&kept).map_err(io::Error::from);
    let saved = saved.and_then(|json| store::replace(path, &json));
    if saved.is_err() {
        lock(state).is_dirty = true;
    }
    saved
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_survive_a_restart_but_not_a_change_of_the_bot() {
        let folder = tempfile::tempdir().unwrap();
        let cursors = Cursors::open(folder.path()).await;
        cursors.is_account(Id(1));
        cursors.advance(Id(7), Id(40), true);
        cursors.advance(Id(7), Id(30), true);
        cursors.advance(Id(8), Id(50), false);
        cursors.save().await;

        let again = Cursors::open(folder.path()).await;
        again.is_account(Id(1));
        assert_eq!((again.get(Id(7)), again.get(Id(8))), (Some(Id(40)), Some(Id(50))));
        assert_eq!(again.channels(false), [Id(7)]);
        again.is_account(Id(2));
        assert_eq!(again.get(Id(7)), None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn save_that_is_given_up_does_not_spoil_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let cursors = Cursors::open(folder.path()).await;
        cursors.is_account(Id(1));
        for last in 1..=50 {
            cursors.advance(Id(7), Id(2 * last), true);
            // Begun, and dropped while the disk is at work.
            assert!(futures_util::FutureExt::now_or_never(cursors.save()).is_none());
            cursors.advance(Id(7), Id(2 * last + 1), true);
            cursors.save().await;
            let again = Cursors::open(folder.path()).await;
            assert_eq!(again.get(Id(7)), Some(Id(2 * last + 1)));
        }
    }

    #[tokio::test]
    async fn channel_that_was_silent_for_longest_is_forgotten_first() {
        let folder = tempfile::tempdir().unwrap();
        let cursors = Cursors::open(folder.path()).await;
        for channel in 1..=MAX_CHANNELS as u64 + 1 {
            cursors.advance(Id(channel), Id(channel), false);
        }
        assert_eq!((cursors.get(Id(1)), cursors.get(Id(2))), (None, Some(Id(2))));
    }
}
