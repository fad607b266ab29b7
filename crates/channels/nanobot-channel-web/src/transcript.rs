use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::entry::{Author, Draft, Entry};

/// The messages of one conversation, on disk.
///
/// Memory holds only what is needed to append: the ids already stored, and where the file ends. All
/// methods block on the disk.
pub(crate) struct Transcript {
    path: PathBuf,
    title: String,
    bytes: u64,
    last_seq: u64,
    stored: HashMap<(Author, String), u64>,
}

/// What [`Transcript::append`] did.
pub(crate) enum Appended {
    New(Entry),
    /// Stored before, under this number.
    Known(u64),
}

/// First line of the file.
#[derive(Serialize, Deserialize)]
struct Header {
    title: String,
}

impl Transcript {
    /// Reads a transcript; `None` if there is none.
    pub(crate) fn load(path: PathBuf) -> io::Result<Option<Self>> {
        let content = match fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let whole = whole_lines(&content);
        if whole.len() < content.len() {
            let file = OpenOptions::new().write(true).open(&path)?;
            file.set_len(whole.len() as u64)?;
            tracing::warn!(path = %path.display(), "Dropped the torn last line of a transcript.");
        }
        let mut transcript = Self {
            title: header_of(whole).map_or_else(|| "Untitled".to_owned(), |header| header.title),
            bytes: whole.len() as u64,
            last_seq: 0,
            stored: HashMap::new(),
            path,
        };
        for entry in entries_of(whole) {
            transcript.remember(&entry);
        }
        Ok(Some(transcript))
    }

    /// Makes an empty transcript.
    pub(crate) fn create(path: PathBuf, title: String) -> io::Result<Self> {
        let mut transcript = Self { path, title, bytes: 0, last_seq: 0, stored: HashMap::new() };
        transcript.rewrite(&[])?;
        Ok(transcript)
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// Number of the newest message, which is also its time; 0 if there is none.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Appends a message unless its id is there already; returns when it is on the disk.
    pub(crate) fn append(&mut self, draft: Draft, max_bytes: u64) -> io::Result<Appended> {
        let key = (draft.from, draft.id.clone());
        if let Some(seq) = self.stored.get(&key) {
            return Ok(Appended::Known(*seq));
        }
        let entry = Entry { seq: now_ms().max(self.last_seq + 1), draft };
        let line = line_of(&entry)?;
        if self.bytes + line.len() as u64 > max_bytes {
            self.drop_oldest_half(max_bytes)?;
        }
        self.write_line(&line, entry.seq)?;
        self.bytes += line.len() as u64;
        self.remember(&entry);
        Ok(Appended::New(entry))
    }

    /// All messages, oldest first; a line that cannot be read is left out.
    pub(crate) fn read(&self) -> io::Result<Vec<Entry>> {
        let content = fs::read(&self.path)?;
        Ok(entries_of(whole_lines(&content)).collect())
    }

    pub(crate) fn rename(&mut self, title: String) -> io::Result<()> {
        let content = fs::read(&self.path)?;
        let before = std::mem::replace(&mut self.title, title);
        let renamed = self.rewrite(body_of(whole_lines(&content)));
        if renamed.is_err() {
            self.title = before;
        }
        renamed
    }

    /// Removes the file.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    fn remember(&mut self, entry: &Entry) {
        self.last_seq = self.last_seq.max(entry.seq);
        let key = (entry.draft.from, entry.draft.id.clone());
        self.stored.insert(key, entry.seq);
    }

    fn write_line(&self, line: &[u8], seq: u64) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        let written = file.write_all(line).and_then(|()| {
            file.set_modified(time_of(seq))?;
            file.sync_data()
        });
        if written.is_err() {
            // Half a line would spoil the next one, and a whole line would make the repeated
            // delivery a second message after a restart.
            let _ = file.set_len(self.bytes);
        }
        written
    }

    fn drop_oldest_half(&mut self, max_bytes: u64) -> io::Result<()> {
        let content = fs::read(&self.path)?;
        let body = body_of(whole_lines(&content));
        let keep = usize::try_from(max_bytes / 2).unwrap_or(usize::MAX);
        let from = body.len().saturating_sub(keep);
        // The cut is moved to the start of the next line.
        let start = match body[from..].iter().position(|byte| *byte == b'\n') {
            _ if from == 0 => 0,
            Some(newline) => from + newline + 1,
            None => body.len(),
        };
        self.rewrite(&body[start..])
    }

    /// Replaces the file in one step, so that a crash leaves the old one or the new one.
    fn rewrite(&mut self, body: &[u8]) -> io::Result<()> {
        let mut header = serde_json::to_vec(&Header { title: self.title.clone() })?;
        header.push(b'\n');
        let temporary = self.path.with_extension("tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(&header)?;
        file.write_all(body)?;
        if self.last_seq > 0 {
            file.set_modified(time_of(self.last_seq))?;
        }
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        sync_folder_of(&self.path)?;
        self.bytes = (header.len() + body.len()) as u64;
        Ok(())
    }
}

/// The title in the first line of a file, for the list of conversations.
pub(crate) fn title_in(path: &Path) -> io::Result<Option<String>> {
    use io::{BufRead, BufReader, Read};
    let mut line = Vec::new();
    BufReader::new(File::open(path)?.take(4096)).read_until(b'\n', &mut line)?;
    Ok(header_of(&line).map(|header| header.title))
}

/// Everything up to the last newline.
fn whole_lines(content: &[u8]) -> &[u8] {
    let end = content.iter().rposition(|byte| *byte == b'\n');
    &content[..end.map_or(0, |newline| newline + 1)]
}

fn first_line(content: &[u8]) -> &[u8] {
    let end = content.iter().position(|byte| *byte == b'\n');
    &content[..end.map_or(content.len(), |newline| newline + 1)]
}

fn header_of(content: &[u8]) -> Option<Header> {
    serde_json::from_slice(first_line(content)).ok()
}

/// The lines after the header; all of them if there is no header.
fn body_of(content: &[u8]) -> &[u8] {
    match header_of(content) {
        Some(_) => &content[first_line(content).len()..],
        None => content,
    }
}

fn entries_of(content: &[u8]) -> impl Iterator<Item = Entry> {
    content.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

fn line_of(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    // A folder can be opened and synced on Unix only; elsewhere the rename itself is durable enough.
    if cfg!(unix)
        && let Some(folder) = path.parent()
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn now_ms() -> u64 {
    millis_of(SystemTime::now())
}

/// Milliseconds since 1970.
pub(crate) fn millis_of(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn time_of(seq: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(seq)
}

#[cfg(test)]
mod tests;
