//! Sessions in and out of a ledger, as files.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::{HistoryPage, Ledger, LedgerError, SessionFile};

/// Entries that are read from the ledger at once.
const PAGE: usize = 500;

/// What became of a directory of session files.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// Keys of the sessions that were taken.
    pub imported: Vec<String>,
    /// Keys of the sessions that the ledger had already; they were left as they are.
    pub present: Vec<String>,
    /// Files whose sessions the ledger has now, whether it had them before or not.
    pub files: Vec<PathBuf>,
    /// Files that could not be read.
    pub failed: Vec<(PathBuf, io::Error)>,
    /// Lines that were left out because they are no JSON objects, with their files.
    pub unreadable_lines: Vec<(PathBuf, usize)>,
}

/// Stores all sessions of a directory with `*.jsonl` files, but for those that are `known` already:
/// a session that was deleted since must not come back. Nothing is overwritten or removed, so it can
/// be repeated. A directory that is not there holds no sessions.
///
/// # Errors
///
/// Returns the ledger's failure; what was stored until then stays.
pub async fn import_sessions(
    ledger: &dyn Ledger,
    directory: &Path,
    known: &HashSet<PathBuf>,
) -> Result<ImportReport, LedgerError> {
    let mut report = ImportReport::default();
    let files = session_files(directory).await;
    for path in files.into_iter().filter(|path| !known.contains(path)) {
        let text = match tokio::fs::read_to_string(&path).await {
            Ok(text) => text,
            Err(error) => {
                report.failed.push((path, error));
                continue;
            }
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = SessionFile::parse(&stem, &text);
        if file.unreadable_lines > 0 {
            report.unreadable_lines.push((path.clone(), file.unreadable_lines));
        }
        let key = file.key.clone();
        match ledger.import_session(file).await? {
            true => report.imported.push(key),
            false => report.present.push(key),
        }
        report.files.push(path);
    }
    Ok(report)
}

/// A session with its whole history; none if there is none with this key.
///
/// # Errors
///
/// Returns the ledger's failure.
pub async fn export_session(
    ledger: &dyn Ledger,
    key: &str,
) -> Result<Option<SessionFile>, LedgerError> {
    let Some(info) = ledger.session(key).await? else {
        return Ok(None);
    };
    let mut entries = Vec::new();
    loop {
        let page = HistoryPage { from: entries.len() as u64, limit: PAGE };
        let read = ledger.session_history(key, page).await?;
        let is_last = read.len() < PAGE;
        entries.extend(read);
        if is_last {
            return Ok(Some(SessionFile::new(info, entries)));
        }
    }
}

async fn session_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(mut listing) = tokio::fs::read_dir(directory).await else {
        return files;
    };
    while let Ok(Some(entry)) = listing.next_entry().await {
        let path = entry.path();
        if path.extension().is_some_and(|it| it == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    files
}
