use std::collections::VecDeque;
use std::process::Stdio;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Split};
use tokio::process::Command;

use super::{InstallError, Progress};

/// Enough to see what went wrong, and no more than a person reads.
const TAIL_LINES: usize = 20;
const MAX_LINE_CHARS: usize = 500;

/// Runs a program to its end; dropping the future ends it and all that it started.
///
/// Its output goes to `progress`, and the last lines of it into the error. Returns the last line.
pub(super) async fn run(
    action: &str,
    command: Command,
    progress: &mut dyn Progress,
) -> Result<String, InstallError> {
    let program = command.as_std().get_program().display().to_string();
    let mut running =
        Running::start(command).map_err(InstallError::files(format!("cannot start {program}")))?;
    let mut tail = VecDeque::new();
    while let Some(line) = running.next_line().await {
        progress.output(&line);
        tail.truncate(TAIL_LINES - 1);
        tail.push_front(line.chars().take(MAX_LINE_CHARS).collect::<String>());
    }
    let status = running.child.wait().await;
    let status = status.map_err(InstallError::files(format!("cannot wait for {program}")))?;
    if status.success() {
        return Ok(tail.pop_front().unwrap_or_default());
    }
    let tail = tail.into_iter().rev().collect();
    Err(InstallError::Step { action: action.to_owned(), status: status.to_string(), tail })
}

struct Running {
    child: Box<dyn ChildWrapper>,
    stdout: Option<Source>,
    stderr: Option<Source>,
}

type Source = Split<BufReader<Box<dyn AsyncRead + Send + Unpin>>>;

impl Running {
    fn start(command: Command) -> std::io::Result<Self> {
        let mut wrap = CommandWrap::from(command);
        wrap.command_mut().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        wrap.wrap(KillOnDrop);
        #[cfg(unix)]
        wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
        let mut child = wrap.spawn()?;
        let stdout = child.stdout().take().map(|pipe| lines(Box::new(pipe)));
        let stderr = child.stderr().take().map(|pipe| lines(Box::new(pipe)));
        Ok(Self { child, stdout, stderr })
    }

    /// The next line of either pipe; `None` when both are closed.
    async fn next_line(&mut self) -> Option<String> {
        loop {
            let (line, source) = tokio::select! {
                line = next(&mut self.stdout), if self.stdout.is_some() => (line, &mut self.stdout),
                line = next(&mut self.stderr), if self.stderr.is_some() => (line, &mut self.stderr),
                else => return None,
            };
            match line {
                Some(line) => return Some(line),
                None => *source = None,
            }
        }
    }
}

fn lines(pipe: Box<dyn AsyncRead + Send + Unpin>) -> Source {
    BufReader::new(pipe).split(b'\n')
}

/// Compilers and build scripts print in any encoding, which must not end an installation.
async fn next(source: &mut Option<Source>) -> Option<String> {
    let line = source.as_mut()?.next_segment().await.ok().flatten()?;
    Some(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.start_kill();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Progress for Heard {
        fn step(&mut self, _: &str) {}

        fn note(&mut self, _: &str, _: &str) {}

        fn output(&mut self, line: &str) {
            self.0.push(line.to_owned());
        }
    }

    #[tokio::test]
    async fn what_is_not_utf8_is_shown_as_well_as_it_can_be_and_the_rest_is_heard() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", r"printf 'caf\351\r\n'; echo done"]);
        let mut heard = Heard::default();
        let last = run("building", command, &mut heard).await.unwrap();
        assert_eq!((heard.0, last.as_str()), (vec!["caf\u{fffd}".into(), "done".into()], "done"));
    }
}
