//! At most one gateway for each data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use nanobot_config::Paths;

use crate::failure::Failure;

/// Most bytes of a process id.
const MAX_ID_BYTES: u64 = 20;

/// The lock of a running gateway; held until it is dropped, or the process ends in whatever way.
///
/// The file stays: removing it would let a third gateway lock a new file while a second one still
/// waits at the old one.
#[derive(Debug)]
pub(crate) struct GatewayLock(#[expect(dead_code, reason = "keeping it open is what locks")] File);

impl GatewayLock {
    /// Takes the lock, or says who has it.
    pub(crate) fn take(paths: &Paths) -> anyhow::Result<Self> {
        let path = paths.lock_file();
        let failed = |error| cannot_lock(&path, &error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(&paths.data_dir, &file).into()),
            Err(TryLockError::Error(error)) => return Err(failed(error).into()),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self(file))
    }
}

/// The process that holds the lock, if one does. Ask only when no gateway answers: a lock that is
/// free is taken for a moment, and a gateway that starts in that moment would be refused. So it is not
/// touched unless the process that is noted in it lives.
#[cfg(unix)]
pub(crate) fn holder(paths: &Paths) -> Option<String> {
    let file = File::open(paths.lock_file()).ok()?;
    let noted = noted_process(&file);
    let process = rustix::process::Pid::from_raw(noted.parse().ok()?)?;
    let lives = rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH);
    let is_held = || matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    (lives && is_held()).then_some(noted)
}

/// Processes cannot be asked for here.
#[cfg(not(unix))]
pub(crate) fn holder(_: &Paths) -> Option<String> {
    None
}

/// The id in the file; empty between taking the lock and writing the id.
fn noted_process(file: &File) -> String {
    let mut id = String::new();
    let _ = file.take(MAX_ID_BYTES).read_to_string(&mut id);
    id.trim().to_owned()
}

fn cannot_lock(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(format!("cannot lock {}: {error}", path.display()));
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            let folder = path.parent().unwrap_or(path).display();
            failure.with_hint(format!("make {folder} and the files in it writable for this user"))
        }
        _ => failure,
    }
}

fn taken(data_dir: &Path, file: &File) -> Failure {
    let by = match noted_process(file).as_str() {
        "" => String::new(),
        id => format!(" (process {id})"),
    };
    Failure::new(format!(
        "another gateway{by} is already running with the data in {}",
        data_dir.display()
    ))
    .with_hint("stop it first, or give this one its own data with `--config OTHER/config.json`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_lock_is_refused_with_the_process_that_has_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::for_config(folder.path().join("config.json"));
        let first = GatewayLock::take(&paths).unwrap();
        let error = GatewayLock::take(&paths).unwrap_err().to_string();
        let expected = format!("another gateway (process {}) is", std::process::id());
        assert!(error.starts_with(&expected), "{error}");
        assert_eq!(holder(&paths), Some(std::process::id().to_string()));
        drop(first);
        assert_eq!(holder(&paths), None);
        GatewayLock::take(&paths).unwrap();
    }
}
