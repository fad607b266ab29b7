//! Installs plugins into the data folder: each Python package into an environment of its own, programs
//! beside each other.

mod cargo;
mod editable;
mod error;
mod lock;
mod output;
mod pip;
mod previous;
mod program;
mod project;
mod python;
mod remove;
mod slot;
mod spec;

use std::path::PathBuf;

use crate::plugins_dir::PluginsDir;
use crate::{DiscoveredPlugin, Places};

pub use error::InstallError;
pub use previous::Previous;
pub use remove::{Removable, RemoveError, removable, remove};
pub use spec::Spec;

/// Finds the interpreter that new environments are made with: the program and its version. None if
/// there is none, or none that is new enough.
pub async fn find_python(places: &Places) -> Option<(PathBuf, String)> {
    let base = python::base(places, &mut Unheard).await?;
    Some((base.program, base.version))
}

/// For questions that nobody waits to see answered step by step.
struct Unheard;

impl Progress for Unheard {
    fn step(&mut self, _: &str) {}

    fn note(&mut self, _: &str, _: &str) {}

    fn output(&mut self, _: &str) {}
}

/// What is to be installed, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The plugin.
    pub spec: Spec,
    /// Whether to use a package's folder as it is at any time, instead of what is in it now.
    pub is_editable: bool,
    /// Whether to replace what is installed under that name.
    pub replaces: bool,
}

/// Hears how an installation goes.
pub trait Progress {
    /// Something is begun that may take a while.
    fn step(&mut self, text: &str);
    /// Something should be known, and maybe done about it.
    fn note(&mut self, text: &str, hint: &str);
    /// A program that does the work has printed a line.
    fn output(&mut self, line: &str);
}

/// What was installed.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The plugins in it, at least one.
    pub plugins: Vec<DiscoveredPlugin>,
}

/// Installs a plugin. A failure, or dropping the future, leaves nothing behind; what an interrupted
/// process left is removed by the next call.
///
/// # Errors
///
/// Fails if the plugin is installed already, if it cannot be installed, or if it is none.
pub async fn install(
    places: &Places,
    request: &Request,
    progress: &mut dyn Progress,
) -> Result<Installed, InstallError> {
    let plugins_dir = PluginsDir::of(&places.data_dir);
    let _lock = lock::take(&plugins_dir)?;
    slot::sweep(&plugins_dir.environments());
    if request.is_editable && !matches!(request.spec, Spec::Folder(_)) {
        return Err(InstallError::NotEditable);
    }
    let plugins = match &request.spec {
        Spec::Program(path) => program::install(&plugins_dir, path, request.replaces)?,
        Spec::Crate(folder) => {
            cargo::install(&plugins_dir, folder, request.replaces, progress).await?
        }
        _ => pip::install(places, &plugins_dir, request, progress).await?,
    };
    Ok(Installed { plugins })
}
