use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store;

/// Deliveries that are remembered; the oldest is forgotten first.
const MAX_DELIVERIES: usize = 1000;
/// Lines after which the file is written anew.
const MAX_LINES: usize = 4 * MAX_DELIVERIES;

/// What was sent for each delivery, also after a restart, so that a repeated delivery changes the
/// messages of the first instead of doubling them.
///
/// A line is written after the platform answered. A crash between the two leaves no line; what then
/// keeps a repetition from doubling the message, if anything, is the platform's.
///
/// `I` is the platform's id of a message.
pub struct Deliveries<I> {
    path: PathBuf,
    known: Mutex<Known<I>>,
    log: Arc<Mutex<Log>>,
}

/// One message of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown<I> {
    /// The platform's id of it.
    pub message_id: I,
    /// Hash of the text it shows, where this process knows it.
    pub text: Option<u64>,
}

/// The messages of a delivery by place: the parts of its text, then its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<I> {
    /// Messages that show parts of the text.
    pub parts: Vec<Shown<I>>,
    /// Messages that carry files.
    pub files: HashMap<usize, I>,
}

/// A line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Note<I> {
    /// A message shows a part of the text.
    Part { delivery: String, index: usize, message_id: I },
    /// The parts from this one on were deleted.
    Cut { delivery: String, index: usize },
    /// A message carries a file.
    File { delivery: String, index: usize, message_id: I },
}

struct Known<I> {
    by_id: HashMap<String, Delivery<I>>,
    order: VecDeque<String>,
}

struct Log {
    file: File,
    lines: usize,
}

impl<I: Clone + PartialEq + Serialize + DeserializeOwned + Send + 'static> Deliveries<I> {
    /// Reads the notes of the channel's folder.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub async fn open(state_dir: &Path) -> io::Result<Self> {
        let path = state_dir.join("deliveries.jsonl");
        let opened = path.clone();
        let (known, log) = store::blocking(move || load(&opened)).await?;
        Ok(Self { path, known: Mutex::new(known), log: Arc::new(Mutex::new(log)) })
    }

    /// What was sent for a delivery; empty if nothing is known.
    pub fn get(&self, id: &str) -> Delivery<I> {
        self.known().by_id.get(id).cloned().unwrap_or_default()
    }

    /// True if a message is known to be part of any delivery.
    pub fn has_message(&self, message_id: &I) -> bool {
        let known = self.known();
        let is_of = |delivery: &Delivery<I>| {
            delivery.parts.iter().any(|shown| shown.message_id == *message_id)
                || delivery.files.values().any(|file| file == message_id)
        };
        known.by_id.values().any(is_of)
    }

    /// Notes what was sent; on disk when this returns. A disk that fails is no reason to fail the
    /// delivery: the message is out.
    pub async fn note(&self, note: Note<I>) {
        self.known().apply(&note);
        let (log, path) = (Arc::clone(&self.log), self.path.clone());
        let all = self.snapshot_if_long();
        let written = store::blocking(move || {
            let mut log = lock(&log);
            match all {
                Some(notes) => *log = rewrite(&path, &notes)?,
                None => append(&mut log, &note)?,
            }
            Ok(())
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "Could not note a delivery.");
        }
    }

    /// Remembers which text a message shows; not on disk, for an edit to the same text is harmless.
    pub fn shows(&self, id: &str, index: usize, text: u64) {
        let mut known = self.known();
        let part = known.by_id.get_mut(id).and_then(|delivery| delivery.parts.get_mut(index));
        if let Some(part) = part {
            part.text = Some(text);
        }
    }

    fn snapshot_if_long(&self) -> Option<Vec<Note<I>>> {
        (lock(&self.log).lines >= MAX_LINES).then(|| self.known().notes())
    }

    fn known(&self) -> MutexGuard<'_, Known<I>> {
        lock(&self.known)
    }
}

impl<I> Default for Known<I> {
    fn default() -> Self {
        Self { by_id: HashMap::new(), order: VecDeque::new() }
    }
}

impl<I> Default for Delivery<I> {
    fn default() -> Self {
        Self { parts: Vec::new(), files: HashMap::new() }
    }
}

impl<I: Clone> Known<I> {
    fn apply(&mut self, note: &Note<I>) {
        let (Note::Part { delivery: id, .. }
        | Note::Cut { delivery: id, .. }
        | Note::File { delivery: id, .. }) = note;
        if !self.by_id.contains_key(id) {
            self.order.push_back(id.clone());
        }
        let delivery = self.by_id.entry(id.clone()).or_default();
        match note {
            Note::Part { index, message_id, .. } => {
                let shown = Shown { message_id: message_id.clone(), text: None };
                match delivery.parts.get_mut(*index) {
                    Some(part) => *part = shown,
                    None => delivery.parts.push(shown),
                }
            }
            Note::Cut { index, .. } => delivery.parts.truncate(*index),
            Note::File { index, message_id, .. } => {
                delivery.files.insert(*index, message_id.clone());
            }
        }
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        while self.order.len() > MAX_DELIVERIES {
            if let Some(oldest) = self.order.pop_front() {
                self.by_id.remove(&oldest);
            }
        }
    }

    fn notes(&self) -> Vec<Note<I>> {
        self.order.iter().flat_map(|id| notes_of(id, &self.by_id[id])).collect()
    }
}

fn notes_of<I: Clone>(id: &str, delivery: &Delivery<I>) -> Vec<Note<I>> {
    let id = || id.to_owned();
    let parts = delivery.parts.iter().enumerate();
    let parts = parts.map(|(index, shown)| Note::Part {
        delivery: id(),
        index,
        message_id: shown.message_id.clone(),
    });
    let files = delivery.files.iter();
    let files = files.map(|(index, message_id)| Note::File {
        delivery: id(),
        index: *index,
        message_id: message_id.clone(),
    });
    parts.chain(files).collect()
}

/// Reads the file and writes it anew, which also drops a line that a crash cut short.
fn load<I: Clone + Serialize + DeserializeOwned>(path: &Path) -> io::Result<(Known<I>, Log)> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut known = Known::default();
    for line in text.split(|byte| *byte == b'\n') {
        if let Ok(note) = serde_json::from_slice(line) {
            known.apply(&note);
        }
    }
    let log = rewrite(path, &known.notes())?;
    Ok((known, log))
}

fn rewrite<I: Serialize>(path: &Path, notes: &[Note<I>]) -> io::Result<Log> {
    let mut text = Vec::new();
    for note in notes {
        text.extend(line(note)?);
    }
    store::replace(path, &text)?;
    let file = OpenOptions::new().append(true).open(path)?;
    Ok(Log { file, lines: notes.len() })
}

fn append<I: Serialize>(log: &mut Log, note: &Note<I>) -> io::Result<()> {
    log.file.write_all(&line(note)?)?;
    log.lines += 1;
    log.file.sync_data()
}

fn line<I: Serialize>(note: &Note<I>) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(note)?;
    line.push(b'\n');
    Ok(line)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(delivery: &str, index: usize, message_id: i64) -> Note<i64> {
        Note::Part { delivery: delivery.to_owned(), index, message_id }
    }

    fn ids(delivery: &Delivery<i64>) -> Vec<i64> {
        delivery.parts.iter().map(|shown| shown.message_id).collect()
    }

    #[tokio::test]
    async fn messages_of_a_delivery_are_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let deliveries = Deliveries::open(folder.path()).await.unwrap();
        for note in [part("d", 0, 10), part("d", 1, 11), part("d", 2, 12), part("d", 0, 20)] {
            deliveries.note(note).await;
        }
        deliveries.note(Note::Cut { delivery: "d".into(), index: 2 }).await;
        deliveries.note(Note::File { delivery: "d".into(), index: 0, message_id: 30 }).await;

        let again = Deliveries::open(folder.path()).await.unwrap();
        assert_eq!(again.get("d"), deliveries.get("d"));
        assert_eq!(ids(&again.get("d")), [20, 11]);
        assert_eq!(again.get("d").files, HashMap::from([(0, 30)]));
        assert_eq!(again.get("other"), Delivery::default());
        assert!(again.has_message(&20) && again.has_message(&30) && !again.has_message(&10));
    }

    #[tokio::test]
    async fn line_that_a_crash_cut_short_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deliveries.jsonl");
        let good = String::from_utf8(line(&part("d", 0, 10)).unwrap()).unwrap();
        std::fs::write(&path, format!("{good}{}", &good[..good.len() / 2])).unwrap();
        let deliveries = Deliveries::open(folder.path()).await.unwrap();
        deliveries.note(part("d", 1, 11)).await;
        assert_eq!(ids(&Deliveries::open(folder.path()).await.unwrap().get("d")), [10, 11]);
    }

    #[test]
    fn oldest_delivery_is_forgotten_first() {
        let mut known = Known::default();
        for number in 0..=MAX_DELIVERIES {
            known.apply(&part(&format!("d{number}"), 0, 1));
        }
        assert!(!known.by_id.contains_key("d0"));
        assert_eq!(known.notes().len(), MAX_DELIVERIES);
    }
}
