use std::fs;

use rustix::process::Pid;

/// The child of a process that runs the program with this name, as `/proc` tells.
pub(super) fn named(parent: u32, program: &str) -> Option<Pid> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find_map(|id: i32| {
        let is_wanted = parent_of(id)? == parent && runs(id, program)?;
        is_wanted.then(|| Pid::from_raw(id))?
    })
}

fn parent_of(id: i32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name, in parentheses, may hold anything; after it come the state and the parent.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

fn runs(id: i32, program: &str) -> Option<bool> {
    let executable = fs::read_link(format!("/proc/{id}/exe")).ok()?;
    Some(executable.file_name()?.to_str()? == program)
}
