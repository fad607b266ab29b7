use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use super::html::ShownEntity;
use crate::multipart::UploadedFile;

/// A message of the bot as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownMessage {
    /// Its id in the chat.
    pub message_id: i64,
    /// The text without any tags.
    pub text: String,
    /// Its looks, inner ones first.
    pub entities: Vec<ShownEntity>,
    /// The message that it answers.
    pub reply_to: Option<i64>,
    /// The topic that it is in.
    pub thread: Option<i64>,
    /// The file that it carries.
    pub file: Option<UploadedFile>,
    /// The address of a file that Telegram fetches.
    pub url: Option<String>,
    /// How often it was changed.
    pub edits: usize,
}

#[derive(Debug, Default)]
pub(super) struct Chats {
    chats: HashMap<i64, Chat>,
    moved: HashMap<i64, i64>,
}

#[derive(Debug, Default)]
pub(super) struct Chat {
    last_id: i64,
    pub(super) shown: BTreeMap<i64, ShownMessage>,
    /// Messages of people.
    pub(super) others: HashSet<i64>,
    /// Messages that a person deleted.
    deleted: HashSet<i64>,
    deleted_topics: HashSet<i64>,
    /// What is shown as being written.
    pub(super) draft: Option<String>,
    pub(super) reactions: HashMap<i64, String>,
    is_blocked: bool,
    /// When a text or an edit last went through.
    pub(super) last_text: Option<Instant>,
    /// Until when the bot was asked to wait.
    pub(super) wait_until: Option<Instant>,
}

impl Chats {
    pub(super) fn know(&mut self, chat: i64) {
        self.chats.entry(chat).or_default();
    }

    pub(super) fn person_wrote(&mut self, chat: i64) -> i64 {
        let chat = self.chats.entry(chat).or_default();
        let id = chat.next_id();
        chat.others.insert(id);
        id
    }

    pub(super) fn block(&mut self, chat: i64) {
        self.chats.entry(chat).or_default().is_blocked = true;
    }

    pub(super) fn migrate(&mut self, from: i64, to: i64) {
        self.chats.remove(&from);
        self.moved.insert(from, to);
        self.know(to);
    }

    pub(super) fn moved(&self, chat: i64) -> Option<i64> {
        self.moved.get(&chat).copied()
    }

    pub(super) fn delete(&mut self, chat: i64, message: i64) {
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.shown.remove(&message);
            chat.deleted.insert(message);
        }
    }

    pub(super) fn delete_topic(&mut self, chat: i64, thread: i64) {
        self.chats.entry(chat).or_default().deleted_topics.insert(thread);
    }

    pub(super) fn get(&mut self, chat: i64) -> Option<&mut Chat> {
        self.chats.get_mut(&chat)
    }

    pub(super) fn shown(&self, chat: i64) -> Vec<ShownMessage> {
        self.chats.get(&chat).map(|chat| chat.shown.values().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn draft(&self, chat: i64) -> Option<String> {
        self.chats.get(&chat)?.draft.clone()
    }

    pub(super) fn reaction(&self, chat: i64, message: i64) -> Option<String> {
        self.chats.get(&chat)?.reactions.get(&message).cloned()
    }
}

impl Chat {
    pub(super) fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    pub(super) fn was_deleted(&self, message: i64) -> bool {
        self.deleted.contains(&message)
    }

    pub(super) fn has_lost_topic(&self, thread: i64) -> bool {
        self.deleted_topics.contains(&thread)
    }
}
