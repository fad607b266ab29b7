use std::fs::{File, OpenOptions, TryLockError};

use super::InstallError;
use crate::plugins_dir::PluginsDir;

/// Held while plugins are installed or removed; given back when it is dropped, or the process ends.
#[derive(Debug)]
pub(super) struct InstallLock(#[expect(dead_code, reason = "keeping it open is what locks")] File);

pub(super) fn take(plugins_dir: &PluginsDir) -> Result<InstallLock, InstallError> {
    let path = plugins_dir.lock_file();
    let open = || {
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        OpenOptions::new().create(true).truncate(false).write(true).open(&path)
    };
    let failed = format!("cannot lock {}", path.display());
    let file = open().map_err(InstallError::files(failed.clone()))?;
    match file.try_lock() {
        Ok(()) => Ok(InstallLock(file)),
        Err(TryLockError::WouldBlock) => Err(InstallError::Busy),
        Err(TryLockError::Error(error)) => Err(InstallError::files(failed)(error)),
    }
}
