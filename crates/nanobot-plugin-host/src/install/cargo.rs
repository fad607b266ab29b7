use std::path::Path;

use tokio::process::Command;

use super::{InstallError, Progress, output, program};
use crate::DiscoveredPlugin;
use crate::discover::executables::channel_name;
use crate::plugins_dir::PluginsDir;

/// Builds a Rust crate, and installs the plugins' programs that come of it.
pub(super) async fn install(
    plugins_dir: &PluginsDir,
    folder: &Path,
    replaces: bool,
    progress: &mut dyn Progress,
) -> Result<Vec<DiscoveredPlugin>, InstallError> {
    let target = tempfile::tempdir().map_err(InstallError::files("cannot make a folder"))?;
    progress.step(&format!("Building {}", folder.display()));
    let mut command = Command::new("cargo");
    command.arg("install").arg("--path").arg(folder).arg("--root").arg(target.path());
    if folder.join("Cargo.lock").is_file() {
        command.arg("--locked");
    }
    output::run("building the crate", command, progress).await?;
    let programs = std::fs::read_dir(target.path().join("bin")).into_iter().flatten().flatten();
    let mut programs: Vec<_> = programs
        .filter(|program| channel_name(&program.file_name()).is_some())
        .map(|program| program.path())
        .collect();
    programs.sort();
    if programs.is_empty() {
        return Err(InstallError::NoChannel(folder.display().to_string()));
    }
    let mut plugins = Vec::new();
    for path in programs {
        plugins.extend(program::install(plugins_dir, &path, replaces)?);
    }
    Ok(plugins)
}
