use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tempfile::TempDir;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::time::{Instant, timeout, timeout_at};

use crate::environment::{environment, move_home};
use crate::folders::private_temporary;
use crate::sandbox::{self, OwnFolders};
use crate::{Confinement, PluginCommand};

/// How long a killed process may take to be gone; only one that hangs in the kernel takes longer.
const KILL_WAIT: Duration = Duration::from_secs(5);

/// A plugin's process and whatever it starts in its process group.
///
/// Dropping it kills the group, so that a cancelled `run` leaves nothing behind.
pub(crate) struct Process {
    child: Box<dyn ChildWrapper>,
    is_gone: bool,
    /// For its temporary files.
    temporary: Option<TempDir>,
}

/// How a process ended.
pub(crate) struct Exit {
    /// `None` if even SIGKILL did not end it.
    pub(crate) status: Option<ExitStatus>,
    /// It had to be terminated.
    pub(crate) was_forced: bool,
}

/// The host's ends of the three pipes.
pub(crate) struct Pipes {
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

impl Process {
    pub(crate) fn spawn(command: &PluginCommand, own: OwnFolders<'_>) -> io::Result<(Self, Pipes)> {
        let temporary = private_temporary(&std::env::temp_dir(), "nanobot-plugin-")?;
        let folder = temporary.path();
        let work = own.state.unwrap_or(folder);
        let mut variables = environment(std::env::vars_os(), &command.env, folder);
        let is_confined = command.sandbox.confinement() == Confinement::Confined;
        if command.lives_in_home && is_confined {
            move_home(&mut variables, work);
        }
        let mut confined = Ok(());
        let mut wrap = CommandWrap::with_new(&command.program, |process| {
            process
                .args(&command.args)
                .env_clear()
                .envs(variables)
                .current_dir(work)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            confined = sandbox::confine(process, command, own, folder);
        });
        confined?;
        wrap.wrap(KillOnDrop);
        // Ctrl-C in a terminal reaches the whole foreground group; shutting down is the host's task.
        #[cfg(unix)]
        wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
        let mut child = wrap.spawn()?;
        let pipes = Pipes {
            stdin: child.stdin().take().expect("stdin is piped"),
            stdout: child.stdout().take().expect("stdout is piped"),
            stderr: child.stderr().take().expect("stderr is piped"),
        };
        let process = Self { child, is_gone: false, temporary: Some(temporary) };
        Ok((process, pipes))
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the process itself, not for what it started. May be called again.
    pub(crate) async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.inner_mut().wait().await
    }

    /// Kills the process and all it started in its group.
    pub(crate) fn kill(&mut self) {
        // An empty group is what is wanted.
        let _ = self.child.start_kill();
    }

    /// Waits for the process until `deadline`, then asks it to end, then kills it after another
    /// `patience`. In any case its group is killed and everything is reaped.
    pub(crate) async fn end(&mut self, deadline: Instant, patience: Duration) -> Exit {
        let was_forced = timeout_at(deadline, self.exited()).await.is_err();
        if was_forced {
            tracing::warn!("The plugin did not exit by itself; terminating it.");
            self.terminate();
            if timeout(patience, self.exited()).await.is_err() {
                tracing::warn!("The plugin did not end when asked to; killing it.");
            }
        }
        // Also after a clean exit: `sh -c` and launchers leave children behind.
        self.kill();
        let status = self.reap().await;
        self.remove_temporary().await;
        Exit { status, was_forced }
    }

    /// Mostly nothing was left there. What was may be much, and must not block the host.
    async fn remove_temporary(&mut self) {
        let Some(folder) = self.temporary.take() else { return };
        if std::fs::remove_dir(folder.path()).is_ok() {
            return;
        }
        let removed = tokio::task::spawn_blocking(|| folder.close()).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%error, "The temporary files of the plugin could not be removed.");
        }
    }

    async fn reap(&mut self) -> Option<ExitStatus> {
        match timeout(KILL_WAIT, self.child.wait()).await {
            Ok(Ok(status)) => {
                self.is_gone = true;
                Some(status)
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "Failed to wait for the plugin's process.");
                None
            }
            Err(_) => {
                tracing::error!("The plugin's process does not go away after SIGKILL.");
                None
            }
        }
    }

    #[cfg(unix)]
    fn terminate(&self) {
        // An error means that the group is gone already.
        let _ = self.child.signal(rustix::process::Signal::TERM.as_raw());
    }

    #[cfg(not(unix))]
    fn terminate(&mut self) {
        self.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_gone {
            self.kill();
        }
    }
}
