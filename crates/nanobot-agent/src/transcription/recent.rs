//! What was heard lately.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Files whose words are kept.
const MAX_FILES: usize = 64;

/// Words of the newest files: a channel may have asked for them before its message arrives, and a
/// turn that was cut off is run again.
#[derive(Default)]
pub(super) struct Recent(Mutex<VecDeque<(Stamp, String)>>);

/// A file as it was.
#[derive(PartialEq, Eq)]
pub(super) struct Stamp {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn new(path: &Path, file: &Metadata) -> Self {
        Self { path: path.to_owned(), bytes: file.len(), modified: file.modified().ok() }
    }
}

impl Recent {
    pub(super) fn get(&self, stamp: &Stamp) -> Option<String> {
        let known = self.known();
        known.iter().find(|(known, _)| known == stamp).map(|(_, words)| words.clone())
    }

    pub(super) fn keep(&self, stamp: Stamp, words: &str) {
        let mut known = self.known();
        known.truncate(MAX_FILES - 1);
        known.push_front((stamp, words.to_owned()));
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<(Stamp, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
