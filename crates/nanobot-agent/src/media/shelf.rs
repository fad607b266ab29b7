//! Keeps the folders of fetched files and read texts from growing for ever.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Older files are removed: 30 days.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Newer files stay whatever their size: a turn may be working with them.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// A file that may have to go.
struct Kept {
    modified: SystemTime,
    bytes: u64,
    path: PathBuf,
}

/// Removes what is old, and the oldest files beyond `max_bytes` together. Blocks.
///
/// Called when a file is added, so that it costs nothing before. What cannot be removed stays.
pub(super) fn make_room(folder: &Path, max_bytes: u64) {
    let now = SystemTime::now();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<Kept> = entries.filter_map(|entry| Kept::of(&entry)).collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.modified));
    let mut total = 0_u64;
    for file in files {
        total = total.saturating_add(file.bytes);
        let age = now.duration_since(file.modified).unwrap_or_default();
        if age > MAX_AGE || (total > max_bytes && age > FRESH) {
            let removed = std::fs::remove_file(&file.path);
            if let Err(error) = removed {
                tracing::debug!(%error, "Could not remove an old attachment.");
            }
        }
    }
}

impl Kept {
    /// Folders and links are nothing that was put there.
    fn of(entry: &DirEntry) -> Option<Self> {
        let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let modified = metadata.modified().ok()?;
        Some(Self { modified, bytes: metadata.len(), path: entry.path() })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn old_files_go_and_the_oldest_make_room_but_not_those_of_the_last_hour() {
        const HOURS: u64 = 60 * 60;
        let folder = tempfile::tempdir().expect("a temporary directory");
        let ages = [0, 2 * HOURS, 3 * HOURS, 31 * 24 * HOURS];
        for age in ages {
            let file = File::create(folder.path().join(age.to_string())).expect("a file");
            file.set_len(100).expect("the file grows");
            let modified = SystemTime::now() - Duration::from_secs(age);
            file.set_modified(modified).expect("the file gets older");
        }
        let left = |max_bytes| {
            make_room(folder.path(), max_bytes);
            let is_left = |age: &u64| folder.path().join(age.to_string()).exists();
            ages.into_iter().filter(is_left).collect::<Vec<_>>()
        };
        assert_eq!(left(1_000), [0, 2 * HOURS, 3 * HOURS]);
        assert_eq!(left(200), [0, 2 * HOURS]);
        assert_eq!(left(0), [0]);
    }
}
