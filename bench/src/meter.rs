//! What a process and all its descendants use.

use std::fs;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

/// What a tree of processes uses, and has used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) processes: usize,
    /// Proportional set size: memory that several processes share counts once.
    pub(crate) pss_bytes: u64,
    /// User and system time, of descendants that have ended, too.
    pub(crate) cpu: Duration,
}

/// Measures a process and its descendants. Those that end meanwhile count as far as they were seen.
pub(crate) fn measure(root: u32) -> Usage {
    let mut usage = Usage::default();
    let mut ticks = 0;
    for id in tree(root) {
        usage.processes += 1;
        usage.pss_bytes += pss_bytes(id).unwrap_or_default();
        ticks += cpu_ticks(id).unwrap_or_default();
    }
    usage.cpu = Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64);
    usage
}

fn tree(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut looked_at = 0;
    while let Some(id) = found.get(looked_at) {
        found.extend(children(*id));
        looked_at += 1;
    }
    found
}

fn children(id: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{id}/task")) else {
        return Vec::new();
    };
    let lists = tasks.flatten().map(|task| fs::read_to_string(task.path().join("children")));
    let lists: Vec<String> = lists.filter_map(Result::ok).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|id| id.parse().ok()).collect()
}

fn pss_bytes(id: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// `utime`, `stime`, `cutime` and `cstime`. See proc_pid_stat(5).
fn cpu_ticks(id: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold anything; the fields behind it begin with the third.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().skip(11).take(4).map(|field| field.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn descendants_count_alive_and_dead() {
        // The inner loop ends before the outer shell and its child begin to wait. A shell takes the
        // standard input from what runs in the background, so the child gets it by another number.
        let script = "exec 3<&0; sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; \
                      echo; cat <&3 & wait";
        let mut shell = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0];
        std::io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut line).unwrap();
        while children(shell.id()).is_empty() {
            std::thread::yield_now();
        }
        let usage = measure(shell.id());
        shell.kill().unwrap();
        shell.wait().unwrap();
        assert_eq!(usage.processes, 2);
        assert!(usage.pss_bytes > 0, "{usage:?}");
        assert!(usage.cpu >= Duration::from_millis(20), "{usage:?}");
    }

    #[test]
    fn a_process_that_is_gone_uses_nothing() {
        let usage = measure(u32::MAX);
        assert_eq!((usage.pss_bytes, usage.cpu), (0, Duration::ZERO));
    }
}
