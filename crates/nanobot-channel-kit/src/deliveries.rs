mod known;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store;
pub use known::{Delivery, Note, Shown};
use known::{Known, MAX_DELIVERIES};

/// Lines after which the file is written anew.
const MAX_LINES: usize = 8 * MAX_DELIVERIES;

/// What was sent for each delivery, also after a restart, so that a repeated delivery changes the
/// messages of the first instead of doubling them.
///
/// What is about to be sent is noted before, and what was sent after the platform answered: a crash
/// between the two leaves a beginning without an end, and [`Delivery::may_be_doubled`] says so. A
/// channel whose platform tells repeated messages itself needs no beginnings.
///
/// A streamed answer that a crash cut off is written anew under another id. With
/// [`adopt`](Self::adopt) it goes on in the messages of the first, found by the question that both
/// answer.
///
/// `I` is the platform's id of a message.
pub struct Deliveries<I> {
    path: PathBuf,
    known: Arc<Mutex<Known<I>>>,
    /// Deliveries that an earlier process left unfinished, by the question that they answer.
    orphans: Mutex<HashMap<String, String>>,
    log: Arc<Mutex<Log>>,
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
        let orphans = Mutex::new(known.unfinished());
        Ok(Self {
            path,
            orphans,
            known: Arc::new(Mutex::new(known)),
            log: Arc::new(Mutex::new(log)),
        })
    }

    /// What was sent for a delivery; empty if nothing is known.
    pub fn get(&self, id: &str) -> Delivery<I> {
        self.known().get(id).cloned().unwrap_or_default()
    }

    /// True if a message is known to be part of any delivery.
    pub fn has_message(&self, message_id: &I) -> bool {
        self.known().has_message(message_id)
    }

    /// Lets a new delivery go on in the messages of the one that a crash cut off, if there is one
    /// with the same question.
    pub async fn adopt(&self, id: &str, question: Option<&str>) {
        let orphan = question.and_then(|question| lock(&self.orphans).remove(question));
        let Some(orphan) = orphan.filter(|orphan| orphan != id) else { return };
        let taken = self.known().notes_as(&orphan, id);
        for note in taken {
            self.note(note).await;
        }
        self.note(Note::Done { delivery: orphan }).await;
    }

    /// Notes what is about to be sent or was sent; on disk when this returns. A disk that fails is
    /// no reason to fail the delivery.
    pub async fn note(&self, note: Note<I>) {
        let (known, log, path) =
            (Arc::clone(&self.known), Arc::clone(&self.log), self.path.clone());
        let written = store::blocking(move || {
            // Held for both, so that the file has each note once, whenever it is written anew.
            let mut log = lock(&log);
            lock(&known).apply(&note);
            if log.lines < MAX_LINES {
                return append(&mut log, &note);
            }
            let all = lock(&known).notes();
            *log = rewrite(&path, &all)?;
            Ok(())
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "Could not note a delivery.");
        }
    }

    /// Remembers which text a message shows; not on disk, for an edit to the same text is harmless.
    pub fn shows(&self, id: &str, index: usize, text: u64) {
        let mut known = self.known();
        let part = known.get_mut(id).and_then(|delivery| delivery.parts.get_mut(index));
        if let Some(part) = part {
            part.text = Some(text);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known<I>> {
        lock(&self.known)
    }
}

/// Reads the file and writes it anew, which also drops a line that a crash cut short.
fn load<I: Clone + PartialEq + Serialize + DeserializeOwned>(
    path: &Path,
) -> io::Result<(Known<I>, Log)> {
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
    // A lost word that all is done costs nothing: the same text is set once more.
    if matches!(note, Note::Done { .. }) { Ok(()) } else { log.file.sync_data() }
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

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn notes_of_many_chats_outlive_the_file_being_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let deliveries = Arc::new(Deliveries::open(folder.path()).await.unwrap());
        for round in 0..20 {
            lock(&deliveries.log).lines = MAX_LINES;
            let notes = (0..8).map(|chat| {
                let deliveries = Arc::clone(&deliveries);
                let id = format!("{round}-{chat}");
                tokio::spawn(async move { deliveries.note(part(&id, 0, chat)).await })
            });
            for note in notes.collect::<Vec<_>>() {
                note.await.unwrap();
            }
            let again = load::<i64>(&folder.path().join("deliveries.jsonl")).unwrap().0;
            for chat in 0..8 {
                let known = again.get(&format!("{round}-{chat}")).map(ids);
                assert_eq!(known, Some(vec![chat]), "round {round}");
            }
            // Reading the file has replaced it.
            *lock(&deliveries.log) = load::<i64>(&deliveries.path).unwrap().1;
        }
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
}
