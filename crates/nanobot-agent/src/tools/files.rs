//! Reading and writing of files.

mod edit;
mod list;
mod read;
mod write;

pub(super) use edit::EditFile;
pub(super) use list::ListDir;
#[cfg(test)]
pub(super) use list::list;
pub(super) use read::ReadFile;
pub(super) use write::WriteFile;

use std::io::Read;
use std::path::Path;

use crate::tool::ToolError;

use super::file_error;
use super::folders::Folders;

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Part of a file in which a zero byte means that it is no text.
const PROBE_BYTES: usize = 8 * 1024;

/// Reads a whole text file, in whatever encoding.
fn read_text(folders: &Folders, real: &Path, typed: &str) -> Result<Vec<u8>, ToolError> {
    let failed = |error: &std::io::Error| file_error("read", typed, error);
    let file = folders.open(real).map_err(|error| failed(&error))?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if metadata.is_dir() {
        return Err(ToolError::new(format!("{typed} is a folder; use list_dir")));
    }
    if !metadata.is_file() {
        return Err(ToolError::new(format!("{typed} is not a plain file")));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(ToolError::new(format!(
            "{typed} is too large ({} bytes); look for the part you need with grep",
            metadata.len()
        )));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes[..bytes.len().min(PROBE_BYTES)].contains(&0) {
        return Err(ToolError::new(format!("{typed} is not a text file ({} bytes)", bytes.len())));
    }
    Ok(bytes)
}
