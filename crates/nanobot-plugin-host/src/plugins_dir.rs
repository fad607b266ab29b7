use std::path::{Path, PathBuf};

use crate::carried::Carried;

/// The folder `<data>/plugins`, where everything lies that was installed by nanobot.
#[derive(Debug, Clone)]
pub(crate) struct PluginsDir(PathBuf);

impl PluginsDir {
    /// A folder that need not exist.
    pub(crate) fn of(data_dir: &Path) -> Self {
        let folder = data_dir.join("plugins");
        Self(std::path::absolute(&folder).unwrap_or(folder))
    }

    /// Programs named `nanobot-channel-<name>`.
    pub(crate) fn bin(&self) -> PathBuf {
        self.0.join("bin")
    }

    /// One folder for each Python plugin.
    pub(crate) fn environments(&self) -> PathBuf {
        self.0.join("venvs")
    }

    /// An environment that people make by hand, for many plugins.
    pub(crate) fn shared_environment(&self) -> PathBuf {
        self.0.join("venv")
    }

    /// The distribution that this program brings.
    pub(crate) fn carried(&self) -> Carried {
        Carried::in_folder(&self.0.join("python"))
    }

    /// Held by whoever installs or removes.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.0.join("install.lock")
    }
}

/// The environment of a plugin, given its folder in [`PluginsDir::environments`]: the current one of
/// those that were installed there, or the folder itself if somebody made it by hand.
pub(crate) fn current_environment(folder: &Path) -> PathBuf {
    let installed = folder.join("current");
    if installed.exists() { installed } else { folder.to_owned() }
}
