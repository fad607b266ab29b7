//! Makes what a first start finds missing.

use nanobot_config::{Config, ConfigFile};

use crate::instance::{Instance, Loaded};
use crate::workspace;

pub(super) struct Prepared {
    pub(super) file: ConfigFile,
    pub(super) config: Config,
    /// Whether there was no config file before.
    pub(super) is_new: bool,
    /// Files that were written into the workspace.
    pub(super) created: Vec<&'static str>,
}

/// Reads the config, and makes the file and the workspace if there are none.
///
/// An existing workspace is left alone: a file that is missing there may have been removed.
pub(super) fn prepare(instance: &Instance) -> anyhow::Result<Prepared> {
    let Loaded { mut file, config, exists } = instance.load()?;
    if !exists {
        file.save()?;
    }
    let folder = instance.workspace(&config);
    let created = if folder.exists() { Vec::new() } else { workspace::create(&folder)? };
    Ok(Prepared { file, config, is_new: !exists, created })
}
