use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::{ConfigError, ConfigErrorKind};

/// Replaces the file's content, which must still be `expected`; `None` means that there is no file.
///
/// The backup comes first, so that at no moment neither of the two contents is on disk.
pub(crate) fn replace(
    path: &Path,
    expected: Option<&[u8]>,
    content: &[u8],
) -> Result<(), ConfigError> {
    let failed = |error| {
        ConfigError::new(ConfigErrorKind::Io, path, "failed to write the config file")
            .caused_by(error)
    };
    // Renaming onto a link would replace the link, and with it a shared or versioned file by a private copy.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let current = read_if_present(&target).map_err(failed)?;
    if current.as_deref() != expected {
        return Err(changed(path, current.is_some()));
    }
    write(&target, current.as_deref(), content).map_err(failed)
}

fn changed(path: &Path, is_present: bool) -> ConfigError {
    let message = match is_present {
        true => "the config file was changed by another program",
        false => "the config file was removed by another program",
    };
    ConfigError::new(ConfigErrorKind::Changed, path, message)
        .hinting("look at the file and try again".to_owned())
}

fn read_if_present(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(target: &Path, previous: Option<&[u8]>, content: &[u8]) -> io::Result<()> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_private_folder(folder)?;
    let like = previous.map(|_| target);
    if let Some(previous) = previous {
        write_file(folder, &backup_of(target), previous, like)?;
    }
    write_file(folder, target, content, like)?;
    sync_folder(folder)
}

fn backup_of(target: &Path) -> PathBuf {
    let mut name = OsString::from(target);
    name.push(".bak");
    PathBuf::from(name)
}

/// Writes beside the target and renames, so that the target is never half written. The temporary file removes
/// itself when anything fails.
fn write_file(folder: &Path, target: &Path, content: &[u8], like: Option<&Path>) -> io::Result<()> {
    let mut file =
        tempfile::Builder::new().prefix(".config-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(content)?;
    // Temporary files are readable by their owner only, which is what a new file should stay.
    if let Some(like) = like {
        file.as_file().set_permissions(fs::metadata(like)?.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target)?;
    Ok(())
}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Makes the renaming itself survive a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
