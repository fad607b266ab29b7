use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::distribution::{Distribution, normalised};
use super::entry_points::EntryPoint;
use super::interpreter::Interpreter;
use super::sources::sources;
use super::supply::{Supply, editable_root, supply};
use crate::command::Obstacle;
use crate::discover::{DiscoveredPlugin, Source};
use crate::plugins_dir::PluginsDir;
use crate::{PluginCommand, environment};

/// Files in a metadata folder whose change means another version of the package.
const METADATA_FILES: [&str; 4] = ["entry_points.txt", "RECORD", "METADATA", "PKG-INFO"];

/// An entry point of a package, wherever it is looked at from.
pub(super) struct Claim {
    /// Two interpreters that share a folder see the same package.
    pub(super) place: (PathBuf, String),
    /// The plugin, or why there is none.
    pub(super) plugin: Result<DiscoveredPlugin, String>,
}

/// What the packages of an interpreter claim.
pub(super) fn claims(interpreter: &Interpreter, plugins_dir: &PluginsDir) -> Vec<Claim> {
    let mut claims = Vec::new();
    for distribution in distributions(interpreter) {
        let supply = supply(interpreter, plugins_dir, &distribution.name);
        let place = distribution.metadata.canonicalize();
        let place = place.unwrap_or_else(|_| distribution.metadata.clone());
        claims.extend(distribution.entry_points.iter().map(|entry_point| Claim {
            place: (place.clone(), entry_point.name.clone()),
            plugin: plugin(interpreter, &distribution, entry_point, &supply),
        }));
    }
    claims
}

/// The distributions with channels; of two with one name Python sees the first.
fn distributions(interpreter: &Interpreter) -> Vec<Distribution> {
    let mut seen = HashSet::new();
    let metadata = interpreter.folders.iter().flat_map(|folder| &folder.metadata);
    metadata
        .filter_map(|metadata| Distribution::read(metadata))
        .filter(|distribution| seen.insert(normalised(&distribution.name)))
        .collect()
}

fn plugin(
    interpreter: &Interpreter,
    distribution: &Distribution,
    entry_point: &EntryPoint,
    supply: &Result<Supply, Obstacle>,
) -> Result<DiscoveredPlugin, String> {
    if !entry_point.has_valid_name() || entry_point.module().is_empty() {
        return Err(format!(
            "{} in {} is left out: its entry point {:?} = {:?} is not valid",
            distribution.name,
            interpreter.program.display(),
            entry_point.name,
            entry_point.value
        ));
    }
    let source = Source::Python {
        interpreter: interpreter.program.clone(),
        distribution: distribution.name.clone(),
        version: distribution.version.clone(),
        entry_point: entry_point.value.clone(),
    };
    let mut command = command(interpreter, entry_point);
    command.files = files(interpreter, distribution, entry_point);
    command.lives_in_home = true;
    command.package_folders = interpreter.needs();
    command.package_folders.extend(editable_root(&distribution.metadata));
    match supply {
        Ok(Supply::Installed(file)) => {
            command.files.push(file.clone());
            // A checkout that somebody works on need not be among the interpreter's folders.
            command.package_folders.extend(file.parent().map(Path::to_owned));
        }
        Ok(Supply::Carried(folder)) => {
            command.files.push(folder.join("nanobot/__init__.py"));
            command.package_folders.push(folder.clone());
            command = with_folder(command, "PYTHONPATH", folder);
        }
        Err(obstacle) => command.obstacle = Some(obstacle.clone()),
    }
    Ok(DiscoveredPlugin::new(source, command))
}

fn command(interpreter: &Interpreter, entry_point: &EntryPoint) -> PluginCommand {
    let command = PluginCommand::executable(&entry_point.name, &interpreter.program)
        .with_arg("-m")
        .with_arg("nanobot.host")
        .with_arg(&entry_point.name)
        .with_arg("--entry-point")
        .with_arg(&entry_point.value)
        .with_env("PYTHONUNBUFFERED", "1")
        // A plugin's working folder holds whatever it keeps; nothing is imported from there.
        .with_env("PYTHONSAFEPATH", "1");
    match &interpreter.environment {
        Some(root) => activated(command, root, &interpreter.program),
        None => command,
    }
}

/// Packages call the programs that came with their dependencies, as in an active environment.
fn activated(command: PluginCommand, root: &Path, program: &Path) -> PluginCommand {
    let command = with_folder(command, "VIRTUAL_ENV", root);
    let path = program.parent().and_then(environment::path_after);
    match path {
        Some(path) => command.with_env("PATH", path),
        None => command,
    }
}

/// Variables hold Unicode here; for another path the variable is left out.
fn with_folder(command: PluginCommand, name: &str, folder: &Path) -> PluginCommand {
    match folder.to_str() {
        Some(folder) => command.with_env(name, folder),
        None => command,
    }
}

fn files(
    interpreter: &Interpreter,
    distribution: &Distribution,
    entry_point: &EntryPoint,
) -> Vec<PathBuf> {
    let metadata = METADATA_FILES.iter().map(|name| distribution.metadata.join(name));
    let mut files: Vec<_> = metadata.filter(|file| file.is_file()).collect();
    files.extend(sources(interpreter, distribution, entry_point));
    files
}
