use std::path::{Path, PathBuf};

use super::{InstallError, lock, previous, slot};
use crate::discover::executables;
use crate::plugins_dir::{PluginsDir, current_environment};
use crate::python::{Interpreter, Keeper, find_in, normalised};
use crate::{Places, Source, discover};

/// An installed plugin that can be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removable {
    /// What is removed: a program, or the folder of a package.
    pub path: PathBuf,
    /// The channels that go with it.
    pub channels: Vec<String>,
}

/// Why a plugin cannot be removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// Nothing has that name.
    #[error("no installed plugin is named {0}")]
    Unknown(String),
    /// Somebody else installed it.
    #[error("{name} was not installed by nanobot: it is {source_text}")]
    NotOurs {
        /// The plugin.
        name: String,
        /// Where it is, for people.
        source_text: String,
        /// How it can be removed.
        hint: String,
    },
    /// It could not be removed.
    #[error(transparent)]
    Failed(#[from] InstallError),
}

impl RemoveError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown(_) => Some("`nanobot plugins list` shows what is installed".to_owned()),
            Self::NotOurs { hint, .. } => Some(hint.clone()),
            Self::Failed(error) => error.hint(),
        }
    }
}

/// Finds an installed plugin by the name of a channel or of a package.
///
/// # Errors
///
/// Fails if there is none, or somebody else installed it.
pub fn removable(places: &Places, name: &str) -> Result<Removable, RemoveError> {
    let plugins_dir = PluginsDir::of(&places.data_dir);
    let entries = std::fs::read_dir(plugins_dir.environments()).into_iter().flatten().flatten();
    let package = entries.map(|entry| entry.path()).find_map(|folder| {
        let channels = channels_in(&folder, &plugins_dir);
        let is_meant = channels.iter().any(|channel| channel == name)
            || folder.file_name().is_some_and(|own| own == normalised(name).as_str());
        is_meant.then_some(Removable { path: folder, channels })
    });
    package.or_else(|| program(&plugins_dir, name)).ok_or_else(|| not_ours(places, name))
}

/// Removes a plugin. Its section of the config and what the channel keeps stay.
///
/// # Errors
///
/// Fails if another process installs or removes plugins, or the files cannot be removed.
pub fn remove(places: &Places, plugin: &Removable) -> Result<(), RemoveError> {
    let _lock = lock::take(&PluginsDir::of(&places.data_dir))?;
    let removed = match plugin.path.is_dir() {
        true => slot::clear(&plugin.path),
        false => {
            std::fs::remove_file(&plugin.path).and_then(|()| previous::forget_program(&plugin.path))
        }
    };
    let action = format!("cannot remove {}", plugin.path.display());
    Ok(removed.map_err(InstallError::files(action))?)
}

fn channels_in(folder: &Path, plugins_dir: &PluginsDir) -> Vec<String> {
    let environment = current_environment(folder);
    let Some(interpreter) = Interpreter::at(&environment, None, Keeper::Nanobot) else {
        return Vec::new();
    };
    find_in(&interpreter, plugins_dir).into_iter().map(|plugin| plugin.name).collect()
}

fn program(plugins_dir: &PluginsDir, name: &str) -> Option<Removable> {
    let installed = executables::in_folder(&plugins_dir.bin());
    let plugin = installed.into_iter().find(|plugin| plugin.name == name)?;
    Some(Removable { path: plugin.source.program().to_owned(), channels: vec![plugin.name] })
}

fn not_ours(places: &Places, name: &str) -> RemoveError {
    let found = discover(places, &[]).plugins.into_iter().find(|plugin| plugin.name == name);
    let Some(plugin) = found else {
        return RemoveError::Unknown(name.to_owned());
    };
    let hint = match &plugin.source {
        Source::Executable { path } => format!("delete {}", path.display()),
        Source::Python { interpreter, distribution, .. } => {
            format!("run `{} -m pip uninstall {distribution}`", interpreter.display())
        }
    };
    RemoveError::NotOurs { name: name.to_owned(), source_text: plugin.source.to_string(), hint }
}
