mod known;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store;
pub(super) use known::{Delivery, Note};
use known::{Known, MAX_DELIVERIES};

/// Lines after which the file is written anew.
const MAX_LINES: usize = 8 * MAX_DELIVERIES;

/// What was sent for each delivery, also after a restart, so that a repeated delivery changes the
/// messages of the first instead of doubling them.
///
/// The Bot API cannot tell a repeated message. So what is about to be sent is noted before, and what
/// was sent after Telegram answered: a crash between the two leaves a beginning without an end, and
/// what is sent then says that it may be a second copy.
///
/// A streamed answer that a crash cut off is written anew under another id. It goes on in the
/// messages of the first, found by the question that both answer.
pub(super) struct Deliveries {
    path: PathBuf,
    known: Mutex<Known>,
    /// Deliveries that an earlier process left unfinished, by the question that they answer.
    orphans: Mutex<HashMap<String, String>>,
    log: Arc<Mutex<Log>>,
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
        let orphans = Mutex::new(known.unfinished());
        Ok(Self { path, orphans, known: Mutex::new(known), log: Arc::new(Mutex::new(log)) })
    }

    pub(super) fn get(&self, id: &str) -> Delivery {
        self.known().get(id).cloned().unwrap_or_default()
    }

    /// Lets a new delivery go on in the messages of the one that a crash cut off, if there is one
    /// with the same question.
    pub(super) async fn adopt(&self, id: &str, question: Option<&str>) {
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
        let part = known.get_mut(id).and_then(|delivery| delivery.parts.get_mut(index));
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
    // A lost word that all is done costs nothing: the same text is set once more.
    if matches!(note, Note::Done { .. }) { Ok(()) } else { log.file.sync_data() }
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
        Note::Part { delivery: delivery.to_owned(), index, message_id }
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
}
