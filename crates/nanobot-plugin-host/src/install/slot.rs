//! The folder of one plugin below `plugins/venvs`.
//!
//! It holds numbered environments, a link to the current one, and after an upgrade a link to the one
//! before. An environment is made at the place where it stays, because its programs hold its path, and
//! counts only when a link leads to it. So a plugin is replaced in one step, and what is not linked is
//! rubbish.

use std::io;
use std::path::{Path, PathBuf};

use crate::plugins_dir::current_environment;

const CURRENT: &str = "current";
const NEXT: &str = "next";
const PREVIOUS: &str = "previous";
const PREFIX: &str = "env-";

/// The folder of a plugin, which need not exist.
#[derive(Debug)]
pub(super) struct Slot(PathBuf);

/// An environment that is being made; removed when it is dropped.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) path: PathBuf,
    slot: PathBuf,
    is_kept: bool,
}

impl Slot {
    pub(super) fn new(environments: &Path, name: &str) -> Self {
        Self(environments.join(name))
    }

    pub(super) fn is_taken(&self) -> bool {
        self.0.join(CURRENT).exists() || self.0.join("pyvenv.cfg").exists()
    }

    /// A place for another environment.
    pub(super) fn fresh(&self) -> io::Result<Fresh> {
        std::fs::create_dir_all(&self.0)?;
        let used = environments(&self.0).iter().filter_map(|path| number(path)).max();
        let path = self.0.join(format!("{PREFIX}{}", used.unwrap_or(0) + 1));
        Ok(Fresh { path, slot: self.0.clone(), is_kept: false })
    }
}

impl Fresh {
    /// Makes it the current one, keeps the one before, removes all others, and returns the path under
    /// which it stays.
    pub(super) fn keep(mut self) -> io::Result<PathBuf> {
        set_aside(&self.slot)?;
        point(&self.slot, CURRENT, &self.path)?;
        self.is_kept = true;
        sweep_slot(&self.slot);
        Ok(self.slot.join(CURRENT))
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.is_kept {
            // It may not have been begun.
            let _ = std::fs::remove_dir_all(&self.path);
            // Fails if another environment is there.
            let _ = std::fs::remove_dir(&self.slot);
        }
    }
}

/// Removes what interrupted installations left. Nobody may be installing meanwhile.
pub(super) fn sweep(environments: &Path) {
    for entry in std::fs::read_dir(environments).into_iter().flatten().flatten() {
        sweep_slot(&entry.path());
    }
}

fn sweep_slot(slot: &Path) {
    let linked = [current_environment(slot), slot.join(PREVIOUS)];
    let linked = linked.map(|link| link.canonicalize().ok());
    for path in environments(slot) {
        if !linked.contains(&path.canonicalize().ok()) {
            remove_all(&path);
        }
    }
    // Neither is there as a rule.
    let _ = std::fs::remove_file(slot.join(NEXT));
    let _ = std::fs::remove_dir(slot);
}

/// Removes the folder of a plugin: first what makes it count, then the rest.
pub(super) fn clear(slot: &Path) -> io::Result<()> {
    match std::fs::remove_file(slot.join(CURRENT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => std::fs::remove_dir_all(slot),
    }
}

/// Whether the environment before the current one is there.
pub(super) fn has_previous(slot: &Path) -> bool {
    slot.join(CURRENT).exists() && slot.join(PREVIOUS).exists()
}

/// Makes the environment before the current one again, and removes what replaced it.
#[cfg(unix)]
pub(super) fn restore_previous(slot: &Path) -> io::Result<()> {
    let before = slot.join(PREVIOUS).canonicalize()?;
    point(slot, CURRENT, &before)?;
    std::fs::remove_file(slot.join(PREVIOUS))?;
    sweep_slot(slot);
    Ok(())
}

/// The current environment becomes the one before.
#[cfg(unix)]
fn set_aside(slot: &Path) -> io::Result<()> {
    match slot.join(CURRENT).canonicalize() {
        Ok(current) => point(slot, PREVIOUS, &current),
        Err(_) => Ok(()),
    }
}

#[cfg(unix)]
fn point(slot: &Path, link: &str, environment: &Path) -> io::Result<()> {
    let next = slot.join(NEXT);
    std::os::unix::fs::symlink(environment.file_name().unwrap_or_default(), &next)?;
    std::fs::rename(&next, slot.join(link))
}

/// Makes the environment before the current one again, and removes what replaced it.
#[cfg(not(unix))]
pub(super) fn restore_previous(slot: &Path) -> io::Result<()> {
    point(slot, CURRENT, &slot.join(PREVIOUS))
}

/// The current environment becomes the one before.
#[cfg(not(unix))]
fn set_aside(slot: &Path) -> io::Result<()> {
    match slot.join(CURRENT) {
        current if current.exists() => point(slot, PREVIOUS, &current),
        _ => Ok(()),
    }
}

/// Links need a privilege on Windows, where programs do not hold the path that matters here.
#[cfg(not(unix))]
fn point(slot: &Path, link: &str, environment: &Path) -> io::Result<()> {
    let place = slot.join(link);
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    std::fs::rename(environment, place)
}

fn environments(slot: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(slot).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| number(path).is_some()).collect()
}

fn number(environment: &Path) -> Option<u64> {
    environment.file_name()?.to_str()?.strip_prefix(PREFIX)?.parse().ok()
}

fn remove_all(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        let folder = folder.display();
        tracing::warn!(%error, %folder, "Failed to remove what is left of an installation.");
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_environment_counts_when_it_is_kept_and_replaces_the_one_before() {
        let root = tempfile::tempdir().unwrap();
        let slot = Slot::new(root.path(), "webhook");
        let first = slot.fresh().unwrap();
        std::fs::create_dir(&first.path).unwrap();
        assert!(!slot.is_taken());
        let current = first.keep().unwrap();
        assert!(slot.is_taken());

        let failed = slot.fresh().unwrap();
        std::fs::create_dir(&failed.path).unwrap();
        drop(failed);
        assert_eq!(current.canonicalize().unwrap(), root.path().join("webhook/env-1"));

        let second = slot.fresh().unwrap();
        std::fs::create_dir(&second.path).unwrap();
        second.keep().unwrap();
        assert_eq!(current.canonicalize().unwrap(), root.path().join("webhook/env-2"));
        sweep(root.path());
        assert!(root.path().join("webhook/env-1").exists(), "the one before is kept");

        let third = slot.fresh().unwrap();
        std::fs::create_dir(&third.path).unwrap();
        third.keep().unwrap();
        assert_eq!(current.canonicalize().unwrap(), root.path().join("webhook/env-3"));
        assert!(!root.path().join("webhook/env-1").exists());

        let slot = root.path().join("webhook");
        assert!(has_previous(&slot));
        restore_previous(&slot).unwrap();
        assert_eq!(current.canonicalize().unwrap(), root.path().join("webhook/env-2"));
        assert!(!has_previous(&slot) && !slot.join("env-3").exists());
        clear(&root.path().join("webhook")).unwrap();
        assert_eq!(root.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_failed_installation_leaves_nothing_and_an_interrupted_one_is_swept() {
        let root = tempfile::tempdir().unwrap();
        let fresh = Slot::new(root.path(), "webhook").fresh().unwrap();
        std::fs::create_dir(&fresh.path).unwrap();
        drop(fresh);
        assert_eq!(root.path().read_dir().unwrap().count(), 0);

        std::fs::create_dir_all(root.path().join("killed/env-1/lib")).unwrap();
        std::os::unix::fs::symlink("env-1", root.path().join("killed/next")).unwrap();
        std::fs::create_dir_all(root.path().join("by-hand/lib")).unwrap();
        sweep(root.path());
        assert!(!root.path().join("killed").exists());
        assert!(root.path().join("by-hand/lib").exists());
    }
}
