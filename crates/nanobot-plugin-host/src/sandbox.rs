//! What the process of a plugin may touch of the machine.
//!
//! The walls are those of the kernel: see [Landlock](https://docs.kernel.org/userspace-api/landlock.html).
//! They are prepared in the host and closed in the child, between fork and exec, so that no
//! instruction of a plugin ever runs outside of them.

mod access;
#[cfg(unix)]
mod limits;
#[cfg(target_os = "linux")]
mod privileges;
mod program;
mod system;
#[cfg(target_os = "linux")]
mod walls;

use std::io;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::PluginCommand;

pub use access::Access;

const MIB: u64 = 1024 * 1024;

/// What a plugin may use beyond its own folders, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sandbox {
    /// Whether there is one. Without it the plugin may do what its user may.
    pub is_enabled: bool,
    /// Files and folders, absolute, that the plugin may read and run, too.
    pub read: Vec<PathBuf>,
    /// Files and folders, absolute, that it may read, run and write, too.
    pub write: Vec<PathBuf>,
    /// Folders of people and of the host. A folder that contains one of them is never opened only
    /// because a program lies in it.
    pub private: Vec<PathBuf>,
    /// Memory of its own that each of its processes may have, in bytes. Reserved addresses do not
    /// count: interpreters reserve far more than they use.
    pub max_memory_bytes: u64,
    /// Files and connections that each of its processes may have open.
    pub max_open_files: u64,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            is_enabled: true,
            read: Vec::new(),
            write: Vec::new(),
            private: Vec::new(),
            max_memory_bytes: 2048 * MIB,
            max_open_files: 4096,
        }
    }
}

/// Whether walls are around a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// It touches nothing but what its [`Access`] says.
    Confined,
    /// The user does not want any.
    SwitchedOff,
    /// This system has no Landlock: the plugin has its limits, but sees the files of its user.
    Unavailable,
}

impl Sandbox {
    /// Whether the walls will be there when a plugin starts.
    #[must_use]
    pub fn confinement(&self) -> Confinement {
        match (self.is_enabled, walls_are_available()) {
            (false, _) => Confinement::SwitchedOff,
            (true, false) => Confinement::Unavailable,
            (true, true) => Confinement::Confined,
        }
    }
}

/// The folders of a running channel that its process gets, besides a temporary one. Without any, as
/// for a plugin that only says what it is, it works in the temporary one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnFolders<'a> {
    /// Where it works; writable.
    pub(crate) state: Option<&'a Path>,
    /// Writable.
    pub(crate) media: Option<&'a Path>,
    /// Files to deliver; readable.
    pub(crate) outgoing: Option<&'a Path>,
}

/// Makes a process start within the walls and limits that its plugin gets.
pub(crate) fn confine(
    process: &mut Command,
    plugin: &PluginCommand,
    own: OwnFolders<'_>,
    temporary: &Path,
) -> io::Result<()> {
    if !plugin.sandbox.is_enabled {
        return Ok(());
    }
    close(process, plugin, own, temporary)
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "what runs between fork and exec cannot be checked by the compiler")]
fn close(
    process: &mut Command,
    plugin: &PluginCommand,
    own: OwnFolders<'_>,
    temporary: &Path,
) -> io::Result<()> {
    let limits = limits::Limits::of(&plugin.sandbox);
    let mut walls = match plugin.sandbox.confinement() {
        Confinement::Confined => Some(walls::Walls::around(&plugin.access_with(own, temporary))?),
        Confinement::SwitchedOff | Confinement::Unavailable => None,
    };
    let in_child = move || {
        limits.set()?;
        privileges::give_up()?;
        walls.take().map_or(Ok(()), walls::Walls::close)
    };
    // SAFETY: the closure makes system calls only. It allocates nothing, takes no lock, and touches
    // nothing that another thread of the host could have left half done.
    unsafe { process.pre_exec(in_child) };
    Ok(())
}

#[cfg(all(unix, not(target_os = "linux")))]
#[expect(unsafe_code, reason = "what runs between fork and exec cannot be checked by the compiler")]
fn close(
    process: &mut Command,
    plugin: &PluginCommand,
    _: OwnFolders<'_>,
    _: &Path,
) -> io::Result<()> {
    let limits = limits::Limits::of(&plugin.sandbox);
    // SAFETY: the closure makes system calls only; it allocates nothing and takes no lock.
    unsafe { process.pre_exec(move || limits.set()) };
    Ok(())
}

#[cfg(not(unix))]
fn close(_: &mut Command, _: &PluginCommand, _: OwnFolders<'_>, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn walls_are_available() -> bool {
    walls::Walls::are_available()
}

#[cfg(not(target_os = "linux"))]
fn walls_are_available() -> bool {
    false
}
