use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::meter::{Usage, measure};

/// How long a program may take to start. A hundred Python processes on two cores need minutes.
const START: Duration = Duration::from_secs(300);
/// How long it may take to stop in order.
const STOP: Duration = Duration::from_secs(60);
/// Pause between two looks at a port.
const LOOK_EVERY: Duration = Duration::from_micros(200);
/// Lines of the log that an error shows.
const LOG_LINES: usize = 20;

/// A program that was started.
pub(crate) struct Running {
    child: Child,
    id: u32,
    log: PathBuf,
    /// From the start until all ports accepted connections.
    pub(crate) accepting_after: Duration,
}

impl Running {
    pub(super) async fn start(
        mut command: Command,
        ports: &[SocketAddr],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command.spawn().context("failed to start the program")?;
        let id = child.id().context("the program has ended")?;
        let (log, accepting_after) = (log.to_owned(), Duration::ZERO);
        let mut running = Self { child, id, log, accepting_after };
        let ports = ports.to_vec();
        let ended = Arc::new(AtomicBool::new(false));
        let mut looking = {
            let ended = Arc::clone(&ended);
            tokio::task::spawn_blocking(move || wait_for_ports(&ports, started, &ended))
        };
        running.accepting_after = tokio::select! {
            accepting = &mut looking => accepting.context("looking at a port failed")??,
            status = running.child.wait() => {
                ended.store(true, Ordering::Relaxed);
                bail!("the program ended with {}:\n{}", status?, running.log_lines());
            }
        };
        Ok(running)
    }

    /// What it and its descendants use.
    pub(crate) fn usage(&self) -> Usage {
        measure(self.id)
    }

    /// Ends it in order.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        if timeout(STOP, self.child.wait()).await.is_err() {
            bail!("the program did not stop:\n{}", self.log_lines());
        }
        Ok(())
    }

    /// Ends it without a word. What it started must end by itself.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("failed to kill the program")
    }

    /// The last lines of what it logged.
    pub(crate) fn log_lines(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.pid().context("the program has no id")?;
        kill_process(pid, signal).context("failed to send a signal")
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.id).ok()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Afterwards the number may be someone else's.
        let is_alive = matches!(self.child.try_wait(), Ok(None));
        if let (true, Some(group)) = (is_alive, self.pid()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// In a thread of its own: the timers of the runtime have a resolution of a millisecond.
fn wait_for_ports(
    ports: &[SocketAddr],
    started: Instant,
    ended: &AtomicBool,
) -> anyhow::Result<Duration> {
    for port in ports {
        while TcpStream::connect(port).is_err() {
            if started.elapsed() > START || ended.load(Ordering::Relaxed) {
                bail!("nothing listens on {port} after {:?}", started.elapsed());
            }
            thread::park_timeout(LOOK_EVERY);
        }
    }
    Ok(started.elapsed())
}
