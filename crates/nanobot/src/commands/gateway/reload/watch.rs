use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Time between two looks at the file.
const PERIOD: Duration = Duration::from_secs(1);
/// A file that does not change for this long is taken for written.
const STABLE: Duration = Duration::from_millis(300);

/// Tells when a file changes, by looking at it. That costs one call a second, and unlike with events
/// of the system nothing need be known about editors that write a new file in place of the old one,
/// about links, or about file systems of other machines.
pub(super) struct FileWatch {
    path: PathBuf,
    seen: Option<Looks>,
}

/// What changes with a file; nothing of it if there is no file.
type Looks = Option<(SystemTime, u64, u64)>;

impl FileWatch {
    /// Watches a file that need not exist. The first look counts as a change.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: None }
    }

    /// Completes when the file has changed and whoever wrote it seems to be done. Dropping it
    /// misses nothing.
    pub(super) async fn changed(&mut self) {
        loop {
            tokio::time::sleep(PERIOD).await;
            let looks = self.look().await;
            if self.seen != Some(looks) {
                self.seen = Some(self.settled(looks).await);
                return;
            }
        }
    }

    async fn settled(&self, mut looks: Looks) -> Looks {
        loop {
            tokio::time::sleep(STABLE).await;
            let now = self.look().await;
            if now == looks {
                return now;
            }
            looks = now;
        }
    }

    async fn look(&self) -> Looks {
        let file = tokio::fs::metadata(&self.path).await.ok()?;
        Some((file.modified().ok()?, file.len(), inode(&file)))
    }
}

/// Tells a file from another one that took its place.
#[cfg(unix)]
fn inode(file: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_written_replaced_or_removed_looks_different_and_no_other_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let watch = FileWatch::new(&path);
        let missing = watch.look().await;
        std::fs::write(&path, "{}").unwrap();
        let first = watch.look().await;
        assert_eq!(watch.look().await, first);
        std::fs::write(&path, "{ }").unwrap();
        let longer = watch.look().await;
        let other = folder.path().join("other");
        std::fs::write(&other, "{,}").unwrap();
        std::fs::File::open(&other).unwrap().set_modified(longer.unwrap().0).unwrap();
        std::fs::rename(&other, &path).unwrap();
        let replaced = watch.look().await;
        assert_eq!(missing, None);
        assert_ne!(first, missing);
        assert_ne!(longer, first);
        assert_ne!(replaced, longer, "the size and the time are the same");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(watch.look().await, missing);
    }

    #[tokio::test]
    async fn a_file_has_changed_when_it_is_no_longer_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let mut watch = FileWatch::new(&path);
        let writing = async {
            for length in 1..=30 {
                std::fs::write(&path, "x".repeat(length)).unwrap();
                tokio::time::sleep(STABLE / 6).await;
            }
        };
        tokio::join!(watch.changed(), writing);
        assert_eq!(watch.seen, Some(watch.look().await), "the last text was waited for");
    }
}
