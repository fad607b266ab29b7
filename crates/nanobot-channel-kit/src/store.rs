//! Small files that outlive the process.

use std::io::{self, Write};
use std::path::Path;

/// Replaces a file so that after a crash it holds either the old or the new content.
///
/// # Errors
///
/// Fails where the disk does; the old content is still there then.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let draft = path.with_extension("new");
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(content)?;
    file.sync_data()?;
    std::fs::rename(&draft, path)?;
    sync_folder(folder)
}

/// Makes the names in a folder durable, where the system can.
///
/// # Errors
///
/// Fails where the disk does.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Runs work on files where it blocks nobody.
///
/// # Errors
///
/// Fails as the work does, or when it panics.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
