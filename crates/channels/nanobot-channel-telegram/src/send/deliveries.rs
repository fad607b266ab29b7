use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::store;

/// Deliveries that are remembered; the oldest is forgotten first.
const MAX_DELIVERIES: usize = 1000;
/// Lines after which the file is written anew.
const MAX_LINES: usize = 4 * MAX_DELIVERIES;

/// What was sent for each delivery, also after a restart, so that a repeated delivery changes the
/// messages of the first instead of doubling them.
///
/// A line is written after Telegram answered. A crash between the two leaves no line, and then a
/// repetition does double the message: the Bot API has nothing that could prevent it.
pub(super) struct Deliveries {
    path: PathBuf,
    known: Mutex<Known>,
    log: Arc<Mutex<Log>>,
}

/// One message of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) message_id: i64,
    /// Hash of the text it shows, where this process knows it.
    pub(super) text: Option<u64>,
    /// It carries the mark of a message that may be a second one.
    pub(super) is_repeat: bool,
}

/// The messages of a delivery by place: the parts of its text, then its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) parts: Vec<Shown>,
    pub(super) files: HashMap<usize, i64>,
}

/// A line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Note {
    /// A message shows a part of the text.
    Part {
        delivery: String,
        index: usize,
        message_id: i64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_repeat: bool,
    },
    /// The parts from this one on were deleted.
    Cut { delivery: String, index: usize },
    /// A message carries a file.
    File { delivery: String, index: usize, message_id: i64 },
}

#[derive(Default)]
struct Known {
    by_id: HashMap<String, Delivery>,
    order: VecDeque<String>,
}

struct Log {
    file: File,
    lines: usize,
}

impl Deliveries {
    pub(super) async fn open(state_dir: &Path) -> io::Result<Self> {
        let path = state_dir.join("deliveries.jsonl");
        let opened = path.clone();
        let (known, log) = store::blocking(move || load(&opened)).await?;
        Ok(Self { path, known: Mutex::new(known), log: Arc::new(Mutex::new(log)) })
    }

    pub(super) fn get(&self, id: &str) -> Delivery {
        self.known().by_id.get(id).cloned().unwrap_or_default()
    }

    /// Notes what was sent; on disk when this returns. A disk that fails is no reason to fail the
    /// delivery: the message is out.
    pub(super) async fn note(&self, note: Note) {
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
    pub(super) fn shows(&self, id: &str, index: usize, text: u64) {
        let mut known = self.known();
        let part = known.by_id.get_mut(id).and_then(|delivery| delivery.parts.get_mut(index));
        if let Some(part) = part {
            part.text = Some(text);
        }
    }

    fn snapshot_if_long(&self) -> Option<Vec<Note>> {
        (lock(&self.log).lines >= MAX_LINES).then(|| self.known().notes())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }
}

impl Known {
    fn apply(&mut self, note: &Note) {
        let (Note::Part { delivery: id, .. }
        | Note::Cut { delivery: id, .. }
        | Note::File { delivery: id, .. }) = note;
        if !self.by_id.contains_key(id) {
            self.order.push_back(id.clone());
        }
        let delivery = self.by_id.entry(id.clone()).or_default();
        match note {
            Note::Part { index, message_id, is_repeat, .. } => {
                let (message_id, is_repeat) = (*message_id, *is_repeat);
                let shown = Shown { message_id, text: None, is_repeat };
                match delivery.parts.get_mut(*index) {
                    Some(part) => *part = shown,
                    None => delivery.parts.push(shown),
                }
            }
            Note::Cut { index, .. } => delivery.parts.truncate(*index),
            Note::File { index, message_id, .. } => {
                delivery.files.insert(*index, *message_id);
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

    fn notes(&self) -> Vec<Note> {
        self.order.iter().flat_map(|id| notes_of(id, &self.by_id[id])).collect()
    }
}

fn notes_of(id: &str, delivery: &Delivery) -> Vec<Note> {
    let id = || id.to_owned();
    let parts = delivery.parts.iter().enumerate();
    let parts = parts.map(|(index, shown)| Note::Part {
        delivery: id(),
        index,
        message_id: shown.message_id,
        is_repeat: shown.is_repeat,
    });
    let files = delivery.files.iter();
    let files = files.map(|(index, message_id)| Note::File {
        delivery: id(),
        index: *index,
        message_id: *message_id,
    });
    parts.chain(files).collect()
}

/// Reads the file and writes it anew, which also drops a line that a crash cut short.
fn load(path: &Path) -> io::Result<(Known, Log)> {
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

fn rewrite(path: &Path, notes: &[Note]) -> io::Result<Log> {
    let mut text = Vec::new();
    for note in notes {
        text.extend(line(note)?);
    }
    store::replace(path, &text)?;
    let file = OpenOptions::new().append(true).open(path)?;
    Ok(Log { file, lines: notes.len() })
}

fn append(log: &mut Log, note: &Note) -> io::Result<()> {
    log.file.write_all(&line(note)?)?;
    log.lines += 1;
    log.file.sync_data()
}

fn line(note: &Note) -> io::Result<Vec<u8>> {
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

    fn part(delivery: &str, index: usize, message_id: i64) -> Note {
        Note::Part { delivery: delivery.to_owned(), index, message_id, is_repeat: false }
    }

    fn ids(delivery: &Delivery) -> Vec<i64> {
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
