use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// A file that is being received.
///
/// It has another name until it is whole, so that a crash never leaves half a file under the name
/// that is looked for. What is dropped before is removed.
pub struct Download {
    target: PathBuf,
    /// None once it has its own name.
    draft: Option<PathBuf>,
    file: File,
    room: u64,
}

impl Download {
    /// Begins a file of at most so many bytes.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub async fn begin(target: &Path, max_bytes: u64) -> io::Result<Self> {
        let draft = target.with_extension("part");
        let file = File::create(&draft).await?;
        Ok(Self { target: target.to_owned(), draft: Some(draft), file, room: max_bytes })
    }

    /// Adds what has come; false if the file is too large then.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub async fn write(&mut self, piece: &[u8]) -> io::Result<bool> {
        let Some(room) = self.room.checked_sub(piece.len() as u64) else { return Ok(false) };
        self.room = room;
        self.file.write_all(piece).await?;
        Ok(true)
    }

    /// Gives the file its name; it is whole.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub async fn keep(mut self) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_data().await?;
        if let Some(draft) = self.draft.take() {
            tokio::fs::rename(draft, &self.target).await?;
        }
        Ok(())
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        if let Some(draft) = self.draft.take()
            && let Err(error) = std::fs::remove_file(draft)
        {
            tracing::warn!(%error, "Could not remove a file that was received in part.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[tokio::test]
    async fn only_a_whole_file_of_the_right_size_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.png");
        let mut download = Download::begin(&target, 4).await.unwrap();
        assert!(download.write(b"abcd").await.unwrap());
        assert!(!download.write(b"e").await.unwrap());
        assert_eq!(names(folder.path()), ["a.part"]);
        drop(download);
        assert!(names(folder.path()).is_empty());

        let mut download = Download::begin(&target, 4).await.unwrap();
        assert!(download.write(b"abcd").await.unwrap());
        download.keep().await.unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"abcd");
        assert_eq!(names(folder.path()), ["a.png"]);
    }
}
