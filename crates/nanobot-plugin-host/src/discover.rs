pub(crate) mod executables;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

pub use executables::is_channel_name;

use crate::plugins_dir::PluginsDir;
use crate::python::{self, PythonPlaces};
use crate::{PluginCommand, Sandbox};

/// Where plugins are looked for.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Folder of all data; plugins that nanobot installed are below it.
    pub data_dir: PathBuf,
    /// Folders of programs, written like `PATH`.
    pub path: Option<OsString>,
    /// Interpreters that may have channel packages.
    pub python: PythonPlaces,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Discovery {
    /// All plugins; the first of a name comes first.
    pub plugins: Vec<DiscoveredPlugin>,
    /// What a person should know about places that could not be used, one sentence each.
    pub notes: Vec<String>,
}

/// A plugin that was found; it was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredPlugin {
    /// Name of the channel, which is also its key in the config.
    pub name: String,
    /// Where it is.
    pub source: Source,
    /// What has the name already. A shadowed plugin is not used.
    pub shadowed_by: Option<Shadow>,
    command: PluginCommand,
}

/// Where a plugin is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A program of its own.
    Executable {
        /// The program, absolute.
        path: PathBuf,
    },
    /// A Python package with an entry point in the group `nanobot.channels`.
    Python {
        /// The interpreter whose environment holds the package, absolute.
        interpreter: PathBuf,
        /// Name of the distribution, e.g. `nanobot-channel-webhook`.
        distribution: String,
        /// Its version.
        version: String,
        /// What the entry point leads to, e.g. `nanobot_channel_webhook:WebhookChannel`.
        entry_point: String,
    },
}

impl Source {
    /// The program that is started: the plugin itself, or the interpreter that runs it.
    #[must_use]
    pub fn program(&self) -> &Path {
        match self {
            Self::Executable { path } => path,
            Self::Python { interpreter, .. } => interpreter,
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Executable { path } => path.display().fmt(f),
            Self::Python { interpreter, distribution, version, .. } => {
                write!(f, "{distribution} {version} in {}", interpreter.display())
            }
        }
    }
}

/// What keeps a plugin from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shadow {
    /// A channel that is part of nanobot.
    BuiltIn,
    /// A plugin that was found earlier.
    Plugin(Source),
}

impl DiscoveredPlugin {
    pub(crate) fn new(source: Source, command: PluginCommand) -> Self {
        Self { name: command.name.clone(), source, shadowed_by: None, command }
    }

    /// Confines it in another way than usual.
    #[must_use]
    pub fn confined(mut self, sandbox: Sandbox) -> Self {
        self.command = self.command.confined(sandbox);
        self
    }

    /// How to start it.
    #[must_use]
    pub fn command(&self) -> PluginCommand {
        self.command.clone()
    }
}

/// Finds the executables `nanobot-channel-<name>` in `<data_dir>/plugins/bin` and on the path, then
/// the channel packages of Python environments. Starts nothing, and imports nothing.
///
/// The first to claim a name keeps it; the names of `built_in` are claimed before. Within a folder
/// the order is that of the names.
#[must_use]
pub fn discover(places: &Places, built_in: &[&str]) -> Discovery {
    let plugins_dir = PluginsDir::of(&places.data_dir);
    let mut found = executables::find(&plugins_dir, places.path.as_deref());
    let mut notes = Vec::new();
    found.extend(python::find(&plugins_dir, places, &mut notes));
    let mut plugins: Vec<DiscoveredPlugin> = Vec::new();
    for mut plugin in found {
        plugin.shadowed_by = shadow(&plugin.name, &plugins, built_in);
        plugins.push(plugin);
    }
    Discovery { plugins, notes }
}

fn shadow(name: &str, found: &[DiscoveredPlugin], built_in: &[&str]) -> Option<Shadow> {
    if built_in.contains(&name) {
        return Some(Shadow::BuiltIn);
    }
    let first = found.iter().find(|earlier| earlier.name == name)?;
    Some(Shadow::Plugin(first.source.clone()))
}

/// The absolute folders of a `PATH`. What relative ones mean depends on where nanobot was started.
pub(crate) fn folders_of(path: Option<&OsStr>) -> impl Iterator<Item = PathBuf> + '_ {
    path.into_iter().flat_map(std::env::split_paths).filter(|folder| folder.is_absolute())
}
