//! The data folder: that it can be written, is not full, and keeps secrets from others.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::finding::Finding;
use crate::instance::Instance;

/// Folders below the data folder that the gateway writes to.
const FOLDERS: [&str; 5] = ["channels", "media", "plugins", "cache", "run"];

pub(super) fn check(instance: &Instance) -> Vec<Finding> {
    let folder = &instance.paths.data_dir;
    if !folder.is_dir() {
        let message = format!("the data folder {} does not exist", folder.display());
        let hint = format!("`{}` makes it", instance.command("onboard"));
        return vec![Finding::warning(message).with_hint(hint)];
    }
    let mut findings = writable(folder);
    findings.extend(space(folder));
    findings.extend(private(instance));
    findings.extend(clock(instance, SystemTime::now()));
    findings
}

#[cfg(unix)]
fn writable(folder: &Path) -> Vec<Finding> {
    use rustix::fs::{Access, access};

    let all = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    let below = FOLDERS.iter().map(|name| folder.join(name)).filter(|path| path.is_dir());
    let closed = |path: &PathBuf| access(path, all).is_err();
    let closed: Vec<_> = std::iter::once(folder.to_owned()).chain(below).filter(closed).collect();
    if closed.is_empty() {
        return vec![Finding::ok(format!("the data folder {} can be written", folder.display()))];
    }
    let problem = |path: &PathBuf| {
        let message = format!("{} cannot be written by this user", path.display());
        Finding::problem(message).with_hint("make it, and all in it, belong to this user")
    };
    closed.iter().map(problem).collect()
}

#[cfg(not(unix))]
fn writable(_: &Path) -> Vec<Finding> {
    Vec::new()
}

/// Below this, soon nothing can be stored any more.
const LITTLE_BYTES: u64 = 500 * MIB;
/// Below this, a burst of messages may not fit.
const TOO_LITTLE_BYTES: u64 = 50 * MIB;
const MIB: u64 = 1024 * 1024;

#[cfg(unix)]
fn space(folder: &Path) -> Option<Finding> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(judge_space(system.f_bavail.saturating_mul(system.f_frsize)))
}

#[cfg(not(unix))]
fn space(_: &Path) -> Option<Finding> {
    None
}

fn judge_space(free: u64) -> Finding {
    let message = format!("{} MiB are free on its disk", free / MIB);
    let hint = "make room: messages that cannot be stored are refused";
    match free {
        TOO_LITTLE_BYTES.. if free >= LITTLE_BYTES => Finding::ok(message),
        TOO_LITTLE_BYTES.. => Finding::warning(message).with_hint(hint),
        _ => Finding::problem(message).with_hint(hint),
    }
}

/// Keys, tokens and what people wrote are in these.
#[cfg(unix)]
fn private(instance: &Instance) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;

    let is_open =
        |path: &Path| path.metadata().is_ok_and(|file| file.permissions().mode() & 0o077 != 0);
    let paths = &instance.paths;
    let secret = [&paths.config_file, &paths.ledger_file(), &paths.data_dir.join("channels")];
    if !is_open(&paths.data_dir) || !secret.iter().any(|path| is_open(path)) {
        return vec![Finding::ok("no other user can read the config, the ledger and logins")];
    }
    let open = secret.into_iter().filter(|path| is_open(path));
    open.map(|path| {
        let path = path.display();
        Finding::warning(format!("{path} is open to other users"))
            .with_hint(format!("`chmod go= {path}` closes it"))
    })
    .collect()
}

#[cfg(not(unix))]
fn private(_: &Instance) -> Vec<Finding> {
    Vec::new()
}

/// A clock that runs behind what was written with it was set wrong, now or then: reminders, retries
/// and what is forgotten when go by it.
fn clock(instance: &Instance, now: SystemTime) -> Option<Finding> {
    let paths = &instance.paths;
    let files = [paths.config_file.clone(), paths.ledger_file()];
    let ahead = files.iter().find(|file| {
        let written = file.metadata().and_then(|it| it.modified());
        written.is_ok_and(|written| {
            written.duration_since(now).is_ok_and(|ahead| ahead.as_secs() > TOLERANCE_SECONDS)
        })
    })?;
    let message = format!("the clock is behind: {} was written later", ahead.display());
    Some(Finding::problem(message).with_hint("set the clock of this machine, e.g. by NTP"))
}

/// Clocks of file servers differ a little.
const TOLERANCE_SECONDS: u64 = 120;

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn little_space_is_a_warning_and_hardly_any_a_problem() {
        for (free, level) in [
            (LITTLE_BYTES, Level::Ok),
            (LITTLE_BYTES - 1, Level::Warning),
            (TOO_LITTLE_BYTES, Level::Warning),
            (TOO_LITTLE_BYTES - 1, Level::Problem),
        ] {
            assert_eq!(judge_space(free).level, level, "{free}");
        }
    }
}
