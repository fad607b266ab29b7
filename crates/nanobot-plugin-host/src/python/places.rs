use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::interpreter::{Interpreter, Keeper};
use crate::discover::folders_of;
use crate::plugins_dir::{PluginsDir, current_environment};

/// Where Python packages are looked for, besides the environments that nanobot keeps itself.
#[derive(Debug, Clone, Default)]
pub struct PythonPlaces {
    /// Interpreters, or folders of virtual environments, that the user named. If there are any, the
    /// usual places are not looked at.
    pub chosen: Vec<String>,
    /// The active virtual environment.
    pub active: Option<PathBuf>,
    /// This program, which may have been installed into an environment.
    pub program: Option<PathBuf>,
    /// The user's home, for packages that were installed for one user.
    pub home: Option<PathBuf>,
}

impl PythonPlaces {
    /// What the variables and the place of this process say.
    #[must_use]
    pub fn of_process(chosen: Vec<String>, home: &Path) -> Self {
        Self {
            chosen,
            active: std::env::var_os("VIRTUAL_ENV").map(PathBuf::from),
            program: std::env::current_exe().ok(),
            home: Some(home.to_owned()),
        }
    }

    /// All interpreters to look at, in order. The environments of installed plugins come before
    /// `python3`, and after what is closer at hand.
    pub(super) fn interpreters(
        &self,
        plugins_dir: &PluginsDir,
        path: Option<&OsStr>,
        notes: &mut Vec<String>,
    ) -> Vec<Interpreter> {
        let mut found = self.near(path, notes);
        found.extend(self.kept(plugins_dir));
        if self.chosen.is_empty() {
            found.extend(on_path("python3", path).and_then(|program| self.at(&program)));
        }
        found
    }

    fn near(&self, path: Option<&OsStr>, notes: &mut Vec<String>) -> Vec<Interpreter> {
        if !self.chosen.is_empty() {
            return self.named(path, notes);
        }
        let active = self.active.as_deref().filter(|folder| folder.is_absolute());
        let around = self.program.as_deref().and_then(around);
        [active, around.as_deref()].into_iter().flatten().filter_map(|root| self.at(root)).collect()
    }

    /// Those that the user named.
    pub(crate) fn named(&self, path: Option<&OsStr>, notes: &mut Vec<String>) -> Vec<Interpreter> {
        let find = |typed: &String| {
            let found = self.place(typed, path).and_then(|place| self.at(&place));
            if found.is_none() {
                notes.push(format!("plugins.python: there is no Python interpreter at {typed}"));
            }
            found
        };
        self.chosen.iter().filter_map(find).collect()
    }

    /// What was typed as a path, a path below the home, or the name of a program.
    fn place(&self, typed: &str, path: Option<&OsStr>) -> Option<PathBuf> {
        if let Some(rest) = typed.strip_prefix("~/") {
            return Some(self.home.as_ref()?.join(rest));
        }
        match typed.contains(std::path::is_separator) {
            true => std::path::absolute(typed).ok(),
            false => on_path(typed, path),
        }
    }

    /// The environments of installed plugins, and the one for many of them.
    fn kept(&self, plugins_dir: &PluginsDir) -> Vec<Interpreter> {
        let entries = std::fs::read_dir(plugins_dir.environments()).into_iter().flatten().flatten();
        let mut folders: Vec<_> = entries.map(|entry| entry.path()).collect();
        folders.sort();
        let own = folders.iter().map(|folder| (current_environment(folder), Keeper::Nanobot));
        let shared = (plugins_dir.shared_environment(), Keeper::User);
        own.chain([shared])
            .filter_map(|(root, keeper)| Interpreter::at(&root, self.home.as_deref(), keeper))
            .collect()
    }

    fn at(&self, path: &Path) -> Option<Interpreter> {
        Interpreter::at(path, self.home.as_deref(), Keeper::User)
    }
}

/// The root of the environment that a program was installed into.
fn around(program: &Path) -> Option<PathBuf> {
    Some(program.parent()?.parent()?.to_owned())
}

pub(crate) fn on_path(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    folders_of(path).map(|folder| folder.join(name)).find(|program| program.is_file())
}
