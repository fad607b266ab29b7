//! Channel packages of Python environments, found by their metadata files. No Python is started, and
//! nothing of a package is imported.

mod claim;
mod distribution;
mod entry_points;
mod interpreter;
mod layout;
mod places;
mod shim;
mod sources;
mod supply;

use std::collections::HashSet;

use crate::Places;
use crate::discover::DiscoveredPlugin;
use crate::plugins_dir::PluginsDir;

pub(crate) use distribution::normalised;
pub(crate) use interpreter::{Interpreter, Keeper};
pub use places::PythonPlaces;
pub(crate) use places::on_path;

/// Finds the channel packages of all interpreters; `notes` takes what a person should know.
pub(crate) fn find(
    plugins_dir: &PluginsDir,
    places: &Places,
    notes: &mut Vec<String>,
) -> Vec<DiscoveredPlugin> {
    let interpreters = places.python.interpreters(plugins_dir, places.path.as_deref(), notes);
    let mut seen = HashSet::new();
    let found = interpreters.iter().flat_map(|interpreter| {
        let claims = claim::claims(interpreter, plugins_dir);
        claims.into_iter().filter(|claim| seen.insert(claim.place.clone())).collect::<Vec<_>>()
    });
    let mut plugins = Vec::new();
    for claim in found {
        match claim.plugin {
            Ok(plugin) => plugins.push(plugin),
            Err(note) => notes.push(note),
        }
    }
    plugins
}

/// The channel packages of one environment.
pub(crate) fn find_in(
    interpreter: &Interpreter,
    plugins_dir: &PluginsDir,
) -> Vec<DiscoveredPlugin> {
    let claims = claim::claims(interpreter, plugins_dir);
    claims.into_iter().filter_map(|claim| claim.plugin.ok()).collect()
}
