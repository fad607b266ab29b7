use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What the test has seen: messages that the webhook took, and replies that came.
#[derive(Default)]
pub(crate) struct Book {
    pages: Mutex<Pages>,
    changed: Notify,
}

#[derive(Default)]
pub(crate) struct Pages {
    /// Messages that were answered with 200, by chat and in order.
    pub(crate) accepted: HashMap<String, Vec<String>>,
    /// Finished replies in order of arrival.
    pub(crate) replies: Vec<Reply>,
    /// Posts of replies that were still being written.
    pub(crate) unfinished: usize,
    /// Requests that were answered with `duplicate`.
    pub(crate) recognised: usize,
    /// Requests that were sent again.
    pub(crate) resent: usize,
}

/// A finished reply as it arrived.
pub(crate) struct Reply {
    pub(crate) chat: String,
    /// The message that it answers.
    pub(crate) message: String,
    pub(crate) key: String,
    pub(crate) is_marked: bool,
    /// Whether the post was answered before its connection was cut.
    pub(crate) is_answered: bool,
}

impl Book {
    pub(crate) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Pages) -> T) -> T {
        let changed = change(&mut self.pages());
        self.changed.notify_waiters();
        changed
    }

    /// Waits until the pages are as wanted.
    pub(crate) async fn wait_until(&self, is_wanted: impl Fn(&Pages) -> bool) {
        loop {
            let changed = self.changed.notified();
            if is_wanted(&self.pages()) {
                return;
            }
            changed.await;
        }
    }
}

impl Pages {
    /// Messages of a chat that wait for a reply.
    pub(crate) fn waiting_in(&self, chat: &str) -> usize {
        let accepted = self.accepted.get(chat).map_or(0, Vec::len);
        let mut answered: Vec<&str> = self.of_chat(chat).map(|it| it.message.as_str()).collect();
        answered.sort_unstable();
        answered.dedup();
        accepted.saturating_sub(answered.len())
    }

    pub(crate) fn of_chat(&self, chat: &str) -> impl Iterator<Item = &Reply> {
        self.replies.iter().filter(move |reply| reply.chat == chat)
    }

    /// Accepted messages without a reply.
    pub(crate) fn missing(&self) -> Vec<String> {
        let answered: std::collections::HashSet<&String> =
            self.replies.iter().map(|reply| &reply.message).collect();
        let accepted = self.accepted.values().flatten();
        accepted.filter(|message| !answered.contains(message)).cloned().collect()
    }
}
