use std::path::Path;

use crate::plugins_dir::PluginsDir;

/// Removes what earlier versions of this program left in the data folder: the Python distributions
/// that they brought. For the one process that runs the plugins of this folder, before it starts any.
/// What cannot be removed costs only room, and is logged.
pub fn tidy(data_dir: &Path) {
    if let Err(error) = PluginsDir::of(data_dir).carried().remove_others() {
        tracing::warn!(%error, "What an earlier version left could not be removed.");
    }
}
