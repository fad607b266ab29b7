use std::path::Path;

use super::{InstallError, previous};
use crate::DiscoveredPlugin;
use crate::discover::executables::{self, channel_name};
use crate::plugins_dir::PluginsDir;

/// Copies a plugin's program to where it is found.
pub(super) fn install(
    plugins_dir: &PluginsDir,
    program: &Path,
    replaces: bool,
) -> Result<Vec<DiscoveredPlugin>, InstallError> {
    let not_a_plugin = || InstallError::NotAPlugin(program.to_owned());
    let file_name = program.file_name().ok_or_else(not_a_plugin)?;
    let channel = channel_name(file_name).ok_or_else(not_a_plugin)?;
    let bin = plugins_dir.bin();
    let target = bin.join(file_name);
    if target.exists() && !replaces {
        return Err(InstallError::AlreadyInstalled(channel));
    }
    let copy = || {
        std::fs::create_dir_all(&bin)?;
        // Renamed when it is whole; a running program cannot be written over.
        let fresh = tempfile::Builder::new().prefix(".").tempfile_in(&bin)?.into_temp_path();
        std::fs::copy(program, &fresh)?;
        previous::keep_program(&target)?;
        fresh.persist(&target).map_err(|error| error.error)
    };
    copy().map_err(InstallError::files(format!("cannot copy to {}", target.display())))?;
    Ok(vec![executables::plugin(&channel, target)])
}
