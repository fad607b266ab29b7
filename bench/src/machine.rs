use std::fmt;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Flushes of which the median is told.
const FLUSHES: usize = 200;

/// Where figures were taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: f64,
    pub(crate) kernel: String,
    /// Time for one block of 4 KiB to be on the disk.
    pub(crate) disk_flush_ms: f64,
    /// Other work at the start: processes that wanted to run in the last minute, on average.
    pub(crate) load_average: f64,
}

impl Machine {
    /// Looks at this machine, and at the disk of a directory.
    pub(crate) fn look(directory: &Path) -> anyhow::Result<Self> {
        let kib: f64 = field("/proc/meminfo", "MemTotal:")
            .and_then(|value| value.strip_suffix("kB")?.trim().parse().ok())
            .unwrap_or_default();
        Ok(Self {
            cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            memory_gib: kib / 1024.0 / 1024.0,
            kernel: first_word("/proc/sys/kernel/osrelease"),
            disk_flush_ms: flush_time(directory)?.as_secs_f64() * 1000.0,
            load_average: first_word("/proc/loadavg").parse().unwrap_or_default(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, memory_gib, kernel, disk_flush_ms, load_average } = self;
        writeln!(f, "{cpu}, {cores} cores, {memory_gib:.0} GiB of memory, Linux {kernel}.")?;
        write!(
            f,
            "One flush to the disk takes {disk_flush_ms:.2} ms; the load average at the start was {load_average:.1}."
        )
    }
}

/// The value of the first line that begins with a key.
fn field(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(value.trim_start_matches([' ', '\t', ':']).trim().to_owned())
}

fn first_word(file: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn flush_time(directory: &Path) -> anyhow::Result<Duration> {
    let mut file = tempfile::tempfile_in(directory).context("failed to make a file")?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let began = Instant::now();
        file.write_all(&[1; 4096]).context("failed to write")?;
        file.sync_data().context("failed to flush")?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[FLUSHES / 2])
}
