use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::{fs, io};

use serde::Serialize;

use crate::conversation_id::is_valid_id;
use crate::entry::{Draft, Entry, shorten, title_of};
use crate::lock::lock;
use crate::transcript::{Appended, Transcript, millis_of, title_in};

/// All conversations: the list in memory, the messages on disk.
///
/// Transcripts are loaded when they are needed, and only a few stay loaded.
pub(crate) struct Store {
    folder: PathBuf,
    max_conversations: usize,
    max_file_bytes: u64,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
    index: Mutex<HashMap<String, Row>>,
    /// Conversations that a person deleted since the start, so that an answer that was still on its
    /// way does not bring them back.
    deleted: Mutex<HashSet<String>>,
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(crate) chat: String,
    pub(crate) title: String,
    /// Number, and so the time, of the newest message.
    pub(crate) updated: u64,
}

/// The place of one conversation, whether or not it has messages yet.
pub(crate) struct Slot {
    pub(crate) chat: String,
    /// Held while a message of a person is handed over, so that the answer is stored after it.
    pub(crate) handing_over: tokio::sync::Mutex<()>,
    transcript: Mutex<Option<Transcript>>,
}

/// A conversation that nobody else can read or change while this is alive.
pub(crate) struct Held<'a> {
    store: &'a Store,
    chat: &'a str,
    transcript: MutexGuard<'a, Option<Transcript>>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the conversation was deleted")]
    Deleted,
    #[error("failed to read or write the transcript")]
    Io(#[from] io::Error),
}

impl Store {
    /// Reads the list of conversations under `folder`, which is made if need be.
    pub(crate) fn open(
        folder: PathBuf,
        max_conversations: usize,
        max_file_bytes: u64,
    ) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let mut index = HashMap::new();
        for file in fs::read_dir(&folder)? {
            if let Some(row) = row_of(&file?.path())? {
                index.insert(row.chat.clone(), row);
            }
        }
        Ok(Self {
            folder,
            max_conversations,
            max_file_bytes,
            slots: Mutex::default(),
            index: Mutex::new(index),
            deleted: Mutex::default(),
        })
    }

    pub(crate) fn slot(&self, chat: &str) -> Arc<Slot> {
        const MAX_IDLE: usize = 32;
        let mut slots = lock(&self.slots);
        if !slots.contains_key(chat) && slots.len() >= MAX_IDLE {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        let slot = slots.entry(chat.to_owned()).or_insert_with(|| {
            Arc::new(Slot {
                chat: chat.to_owned(),
                handing_over: tokio::sync::Mutex::default(),
                transcript: Mutex::default(),
            })
        });
        Arc::clone(slot)
    }

    /// Takes hold of a conversation and reads its transcript if it is not loaded. Blocks.
    pub(crate) fn hold<'a>(&'a self, slot: &'a Slot) -> io::Result<Held<'a>> {
        let mut transcript = lock(&slot.transcript);
        if transcript.is_none() {
            *transcript = Transcript::load(self.path_of(&slot.chat))?;
        }
        Ok(Held { store: self, chat: &slot.chat, transcript })
    }

    /// The list, newest first, seen while nobody can change it.
    pub(crate) fn with_rows<T>(&self, look: impl FnOnce(&[Row]) -> T) -> T {
        let index = lock(&self.index);
        let mut rows: Vec<_> = index.values().cloned().collect();
        // By name within a millisecond, so that the order does not hang on the map's.
        rows.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.chat.cmp(&b.chat)));
        look(&rows)
    }

    /// The conversations beyond the bound, those with the oldest messages.
    pub(crate) fn surplus(&self) -> Vec<String> {
        if lock(&self.index).len() <= self.max_conversations {
            return Vec::new();
        }
        self.with_rows(|rows| {
            let kept = rows.len().min(self.max_conversations);
            rows[kept..].iter().map(|row| row.chat.clone()).collect()
        })
    }

    pub(crate) fn is_deleted(&self, chat: &str) -> bool {
        lock(&self.deleted).contains(chat)
    }

    pub(crate) fn mark_deleted(&self, chat: &str) {
        const MAX_REMEMBERED: usize = 10_000;
        let mut deleted = lock(&self.deleted);
        if deleted.len() >= MAX_REMEMBERED {
            deleted.clear();
        }
        deleted.insert(chat.to_owned());
    }

    fn path_of(&self, chat: &str) -> PathBuf {
        self.folder.join(format!("{chat}.jsonl"))
    }
}

impl Held<'_> {
    /// Appends a message; the first one makes the conversation.
    pub(crate) fn append(&mut self, draft: Draft) -> Result<Appended, StoreError> {
        if self.store.is_deleted(self.chat) {
            return Err(StoreError::Deleted);
        }
        let transcript = match &mut *self.transcript {
            Some(transcript) => transcript,
            empty => empty
                .insert(Transcript::create(self.store.path_of(self.chat), title_of(&draft.text))?),
        };
        let appended = transcript.append(draft, self.store.max_file_bytes)?;
        self.refresh_row();
        Ok(appended)
    }

    /// All messages, oldest first.
    pub(crate) fn read(&self) -> io::Result<Vec<Entry>> {
        match &*self.transcript {
            Some(transcript) => transcript.read(),
            None => Ok(Vec::new()),
        }
    }

    pub(crate) fn rename(&mut self, title: &str) -> Result<(), StoreError> {
        let title = shorten(title);
        if let Some(transcript) = &mut *self.transcript
            && !title.is_empty()
        {
            transcript.rename(title)?;
            self.refresh_row();
        }
        Ok(())
    }

    /// Removes the conversation with its file.
    pub(crate) fn remove(&mut self) -> io::Result<()> {
        lock(&self.store.index).remove(self.chat);
        self.transcript.take().map_or(Ok(()), Transcript::remove)
    }

    /// The conversation's row in the list, if it has messages.
    pub(crate) fn row(&self) -> Option<Row> {
        self.transcript.as_ref().map(|transcript| Row {
            chat: self.chat.to_owned(),
            title: transcript.title().to_owned(),
            updated: transcript.last_seq(),
        })
    }

    fn refresh_row(&self) {
        if let Some(row) = self.row() {
            lock(&self.store.index).insert(row.chat.clone(), row);
        }
    }
}

/// The row of a transcript file; `None` for any other file.
fn row_of(path: &Path) -> io::Result<Option<Row>> {
    let is_transcript = path.extension().is_some_and(|ending| ending == "jsonl");
    let name = path.file_stem().and_then(|name| name.to_str());
    let Some(chat) = name.filter(|name| is_transcript && is_valid_id(name)) else {
        return Ok(None);
    };
    // A transcript carries the number of its newest message as its time of change, so that the list
    // needs no more than the first line of each file.
    let updated = millis_of(fs::metadata(path)?.modified()?);
    Ok(Some(Row {
        chat: chat.to_owned(),
        title: title_in(path)?.unwrap_or_else(|| "Untitled".to_owned()),
        updated,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Author;

    fn store(folder: &Path) -> Store {
        Store::open(folder.to_owned(), 2, u64::MAX).unwrap()
    }

    fn append(store: &Store, chat: &str, id: &str) -> Result<Appended, StoreError> {
        store.hold(&store.slot(chat)).unwrap().append(Draft {
            id: id.to_owned(),
            from: Author::User,
            text: format!("Hello from {chat}"),
            outcome: None,
            files: Vec::new(),
        })
    }

    #[test]
    fn list_is_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let before = store(folder.path());
        append(&before, "a", "1").unwrap();
        append(&before, "b", "1").unwrap();
        let after = store(folder.path());
        let rows = before.with_rows(<[Row]>::to_vec);
        assert_eq!(rows[0].title, "Hello from a".replace(" a", &format!(" {}", rows[0].chat)));
        assert_eq!(after.with_rows(<[Row]>::to_vec), rows);
    }

    #[test]
    fn surplus_is_what_was_quiet_longest() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        for (chat, seq) in [("a", 3), ("b", 1), ("c", 2)] {
            lock(&store.index).insert(
                chat.to_owned(),
                Row { chat: chat.to_owned(), title: String::new(), updated: seq },
            );
        }
        assert_eq!(store.surplus(), ["b"]);
    }

    #[test]
    fn deleted_conversation_is_not_brought_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        append(&store, "a", "1").unwrap();
        store.mark_deleted("a");
        store.hold(&store.slot("a")).unwrap().remove().unwrap();
        assert!(matches!(append(&store, "a", "2"), Err(StoreError::Deleted)));
        assert!(store.with_rows(<[Row]>::is_empty));
    }
}
