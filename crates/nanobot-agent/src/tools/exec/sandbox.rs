//! What commands are locked into.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use tokio::process::Command;

use crate::settings::{CommandSandbox, ToolSettings};
use crate::tool::ToolError;
use crate::tools::folders::Folders;

use super::landlock::Walls;
use super::process::Prepared;

/// Folders of the system that commands can read. The folders of people are not among them.
const SYSTEM: [&str; 11] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/usr",
    "/opt",
    "/etc",
    "/nix",
    "/snap",
    "/run/systemd/resolve",
];
/// Files of the kernel that commands can read.
const KERNEL: [&str; 9] = [
    "/sys",
    "/proc/sys",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/version",
    "/proc/filesystems",
];
/// Devices that commands can use. The whole of `/dev` would open the disks to a privileged user.
const DEVICES: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Variables that are passed on.
const PASSED_ON: [&str; 3] = ["LANG", "LC_ALL", "TERM"];

/// Prepares commands.
pub(super) struct Sandbox {
    folders: Arc<Folders>,
    path_append: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unconfined,
    Landlock,
    Bubblewrap,
    /// Wanted, but this machine does not have it.
    Missing(&'static str),
}

impl Kind {
    /// What is wanted, as far as this machine has it.
    fn of(wanted: CommandSandbox) -> Self {
        match wanted {
            CommandSandbox::Unconfined => Self::Unconfined,
            CommandSandbox::Bubblewrap if is_installed("bwrap") => Self::Bubblewrap,
            CommandSandbox::Bubblewrap => Self::Missing("bubblewrap (`bwrap`) is not installed"),
            _ if Walls::are_available() => Self::Landlock,
            CommandSandbox::Landlock => Self::Missing("this system has no Landlock"),
            CommandSandbox::Automatic => Self::Unconfined,
        }
    }
}

/// What commands are locked into on this machine: its name, or nothing if they are not.
///
/// # Errors
///
/// Says why there is none although one is demanded; no command is run then.
pub fn command_walls(wanted: CommandSandbox) -> Result<Option<&'static str>, &'static str> {
    match Kind::of(wanted) {
        Kind::Unconfined => Ok(None),
        Kind::Landlock => Ok(Some("Landlock")),
        Kind::Bubblewrap => Ok(Some("bubblewrap")),
        Kind::Missing(what) => Err(what),
    }
}

impl Sandbox {
    pub(super) fn new(folders: &Arc<Folders>, settings: &ToolSettings) -> Self {
        let kind = Kind::of(settings.sandbox);
        if kind == Kind::Unconfined && settings.sandbox == CommandSandbox::Automatic {
            tracing::warn!(
                "Commands of the agent are not locked in, because this system has no \
                 Landlock. Install bubblewrap and set `tools.exec.sandbox` to `bwrap`."
            );
        }
        Self {
            folders: Arc::clone(folders),
            path_append: settings.config.exec.path_append.clone(),
            kind,
        }
    }

    /// Makes a command of a command line. Blocks.
    pub(super) fn prepare(&self, line: &str, start: &Path) -> Result<Prepared, ToolError> {
        let failed = |error| ToolError::new(format!("no temporary folder: {error}"));
        let temporary =
            tempfile::Builder::new().prefix("nanobot-exec-").tempdir().map_err(failed)?;
        let line = self.with_path(line);
        let (mut command, walls) = match self.kind {
            Kind::Missing(what) => {
                return Err(ToolError::new(format!("no command can be run, because {what}")));
            }
            Kind::Unconfined => (bash(&line), None),
            Kind::Landlock if self.folders.data_dir_in_workspace().is_some() => {
                return Err(ToolError::new(
                    "no command can be run, because the workspace is around nanobot's own folder, \
                     which no command may see; a person has to choose another workspace, or set \
                     `tools.exec.sandbox` to `bwrap`",
                ));
            }
            Kind::Landlock => (bash(&line), Some(self.walls(temporary.path()))),
            Kind::Bubblewrap => (self.bubblewrap(&line, start, temporary.path()), None),
        };
        self.set_environment(&mut command, temporary.path());
        command
            .current_dir(start)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Ok(Prepared { command, walls, temporary })
    }

    /// Nothing of the program's environment is passed on but the language: keys live there.
    fn set_environment(&self, command: &mut Command, temporary: &Path) {
        let is_confined = self.kind != Kind::Unconfined;
        let home = if is_confined { None } else { std::env::var_os("HOME") };
        let home = home.unwrap_or_else(|| self.folders.workspace().into_os_string());
        command.env_clear().env("HOME", home).env("PATH", USUAL_PATH).env("TMPDIR", temporary);
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
    }

    /// The login shell sets the usual `PATH` itself, so that ours must be added after it.
    fn with_path(&self, line: &str) -> String {
        if self.path_append.is_empty() {
            return line.to_owned();
        }
        let quoted = self.path_append.replace('\'', r"'\''");
        format!("export PATH=\"$PATH\":'{quoted}'\n{line}")
    }

    fn walls(&self, temporary: &Path) -> Walls {
        let added = std::env::split_paths(&self.path_append);
        let system = SYSTEM.iter().chain(&KERNEL).map(PathBuf::from);
        let mut readable: Vec<PathBuf> = system.chain(added).collect();
        if is_unprivileged() {
            // The kernel then keeps the environment and memory of the program from those who are
            // locked in.
            readable.push("/proc".into());
        }
        readable.extend(self.folders.media());
        let mut writable: Vec<PathBuf> = DEVICES.iter().map(PathBuf::from).collect();
        writable.push(self.folders.workspace());
        writable.push(temporary.to_owned());
        Walls { readable, writable }
    }

    /// See [bubblewrap](https://github.com/containers/bubblewrap).
    fn bubblewrap(&self, line: &str, start: &Path, temporary: &Path) -> Command {
        let mut command = Command::new("bwrap");
        command
            .args(self.bubblewrap_arguments(start, temporary))
            .arg("bash")
            .args(["-l", "-c", line]);
        command
    }

    fn bubblewrap_arguments(&self, start: &Path, temporary: &Path) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut add = |words: &[&std::ffi::OsStr]| {
            arguments.extend(words.iter().map(|word| (*word).to_owned()));
        };
        for word in ["--die-with-parent", "--unshare-pid", "--unshare-ipc", "--new-session"] {
            add(&[word.as_ref()]);
        }
        for path in SYSTEM {
            add(&["--ro-bind-try".as_ref(), path.as_ref(), path.as_ref()]);
        }
        for added in std::env::split_paths(&self.path_append) {
            add(&["--ro-bind-try".as_ref(), added.as_ref(), added.as_ref()]);
        }
        add(&["--proc".as_ref(), "/proc".as_ref(), "--dev".as_ref(), "/dev".as_ref()]);
        add(&["--tmpfs".as_ref(), "/tmp".as_ref()]);
        add(&["--bind".as_ref(), temporary.as_ref(), temporary.as_ref()]);
        let workspace = self.folders.workspace();
        add(&["--bind".as_ref(), workspace.as_ref(), workspace.as_ref()]);
        if let Some(data_dir) = self.folders.data_dir_in_workspace() {
            add(&["--tmpfs".as_ref(), data_dir.as_ref()]);
        }
        if let Some(media) = self.folders.media() {
            add(&["--ro-bind".as_ref(), media.as_ref(), media.as_ref()]);
        }
        let sessions = workspace.join("sessions");
        if sessions.is_dir() {
            add(&["--tmpfs".as_ref(), sessions.as_ref()]);
        }
        add(&["--chdir".as_ref(), start.as_ref()]);
        arguments
    }
}

fn bash(line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-l", "-c", line]);
    command
}

/// Whether the program has no rights beyond those of its user. Privileged ones may look into other
/// processes even when locked in.
fn is_unprivileged() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective.is_some_and(|rights| rights.trim().chars().all(|digit| digit == '0'))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
