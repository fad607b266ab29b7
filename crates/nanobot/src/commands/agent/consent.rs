//! Asks the person at the terminal before something is done.

use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use nanobot_agent::{Approver, Permission};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::output;

/// How often it is looked whether the question was taken back.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The person at the terminal.
pub(super) struct Terminal;

impl Terminal {
    /// Nobody can be asked where input or output is not a terminal.
    pub(super) fn if_any() -> Option<Self> {
        (io::stdin().is_terminal() && io::stderr().is_terminal()).then_some(Self)
    }
}

/// Tells the reading thread that nobody waits for it any more: it must not eat the next line.
struct TakenBack(Arc<AtomicBool>);

impl Drop for TakenBack {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Approver for Terminal {
    async fn ask(&self, question: &str) -> Permission {
        output::note(format_args!("\n{}", output::harmless(question)));
        output::prompt("[y/N]: ");
        let is_over = Arc::new(AtomicBool::new(false));
        let _guard = TakenBack(Arc::clone(&is_over));
        let read = tokio::task::spawn_blocking(move || read_line(&is_over)).await;
        match read.ok().flatten() {
            Some(line) if is_yes(&line) => Permission::Granted,
            Some(_) => Permission::Refused,
            None => Permission::Unanswered,
        }
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes" | "ok")
}

/// Reads a line; nothing if the question was taken back or the input has ended.
fn read_line(is_over: &AtomicBool) -> Option<String> {
    let stdin = io::stdin();
    loop {
        if is_over.load(Ordering::Relaxed) {
            return None;
        }
        let mut waiting = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut waiting, Some(&LOOK)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => break,
            Err(_) => return None,
        }
    }
    let mut line = String::new();
    let count = stdin.lock().read_line(&mut line).ok()?;
    (count > 0).then_some(line)
}
