//! Starting the same program again, in the place of this one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use crate::exit::Outcome;

/// The program that this process runs, as it was started.
pub(super) struct Program {
    file: PathBuf,
    args: Vec<OsString>,
}

impl Program {
    /// Notes what runs here. At the start of the process: later its file may be replaced by a newer
    /// version, which is then the one to start.
    pub(super) fn of_this_process() -> anyhow::Result<Self> {
        let file = std::env::current_exe().context("cannot find out which program this is")?;
        Ok(Self { file, args: std::env::args_os().skip(1).collect() })
    }

    /// Starts it again with the same arguments. The process stays the same, so that whatever watches
    /// over it (systemd, a container, a shell) sees no end. Returns only if that fails.
    #[cfg(unix)]
    pub(super) fn start_again(&self) -> anyhow::Result<Outcome> {
        use std::os::unix::process::CommandExt;

        let error = Command::new(&self.file).args(&self.args).exec();
        Err(error).with_context(|| format!("cannot start {} again", self.file.display()))
    }

    /// Starts it again with the same arguments, and lasts as long as it does.
    #[cfg(not(unix))]
    pub(super) fn start_again(&self) -> anyhow::Result<Outcome> {
        let status = Command::new(&self.file).args(&self.args).status();
        let status =
            status.with_context(|| format!("cannot start {} again", self.file.display()))?;
        Ok(if status.success() { Outcome::Success } else { Outcome::Failure })
    }
}
