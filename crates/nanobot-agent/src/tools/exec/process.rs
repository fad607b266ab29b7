//! A running command.

use std::process::ExitStatus;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use crate::process_group::GroupGuard;
use crate::tool::ToolError;

use super::landlock::Walls;
use super::output::Output;

/// Time for the last output to arrive when the command has ended but left children with its pipes.
const LAST_OUTPUT: Duration = Duration::from_millis(200);

/// A command ready to be run.
pub(super) struct Prepared {
    pub(super) command: Command,
    /// Walls around it, apart from those of another program.
    pub(super) walls: Option<Walls>,
    /// Folder for temporary files, removed with the job.
    pub(super) temporary: TempDir,
}

/// A command that runs with all its children in a process group of its own.
pub(super) struct Job {
    child: Child,
    group: GroupGuard,
    _temporary: TempDir,
}

/// How a command ended.
pub(super) struct Ended {
    /// Nothing if it was ended because it took too long.
    pub(super) status: Option<ExitStatus>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Job {
    /// Starts the command. Blocks.
    pub(super) fn start(prepared: Prepared, runtime: &Handle) -> Result<Self, ToolError> {
        let Prepared { command, walls, temporary } = prepared;
        let child = match walls {
            None => spawn(command, runtime),
            Some(walls) => spawn_between(&walls, command, runtime),
        }?;
        let group = GroupGuard::of_leader(child.id());
        Ok(Self { child, group, _temporary: temporary })
    }

    /// Waits for the end, but no longer than `limit`.
    pub(super) async fn finish(mut self, limit: Duration, max_output: usize) -> Ended {
        let mut stdout = Output::new(max_output);
        let mut stderr = Output::new(max_output / 2);
        let pipes = (self.child.stdout.take(), self.child.stderr.take());
        let deadline = Instant::now() + limit;
        let status = {
            let reading = async {
                if let (Some(out), Some(err)) = pipes {
                    tokio::join!(stdout.read(out), stderr.read(err));
                }
            };
            tokio::pin!(reading);
            let ended = async {
                tokio::select! {
                    () = &mut reading => {}
                    _ = self.child.wait() => {
                        let last = Instant::now() + LAST_OUTPUT;
                        let _ = timeout_at(last, &mut reading).await;
                    }
                }
                self.child.wait().await.ok()
            };
            timeout_at(deadline, ended).await.unwrap_or(None)
        };
        drop(self.group);
        // The group is gone, so this cannot take long; it leaves no zombie behind.
        let _ = self.child.wait().await;
        Ended { status, stdout: stdout.into_text(), stderr: stderr.into_text() }
    }
}

fn spawn(mut command: Command, runtime: &Handle) -> Result<Child, ToolError> {
    let _entered = runtime.enter();
    command.spawn().map_err(|error| ToolError::new(format!("the shell cannot be started: {error}")))
}

/// Starts the command from a thread that has locked itself in. The walls hold for the thread and
/// all processes it starts, and for nothing else of the program; the thread ends at once.
fn spawn_between(walls: &Walls, command: Command, runtime: &Handle) -> Result<Child, ToolError> {
    std::thread::scope(|scope| {
        let locked_in = scope.spawn(|| {
            walls.enter()?;
            spawn(command, runtime)
        });
        locked_in.join().unwrap_or_else(|_| Err(ToolError::new("the shell cannot be started")))
    })
}
