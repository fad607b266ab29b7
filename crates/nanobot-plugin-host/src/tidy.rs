use std::path::Path;

use crate::outgoing;
use crate::plugins_dir::PluginsDir;

/// Removes what earlier versions of this program left in the data folder: the Python distributions
/// that they brought, and copies of files that were to be delivered. For the one process that runs the plugins of this folder, before it starts any.
/// What cannot be removed costs only room, and is logged.
pub fn tidy(data_dir: &Path) {
    let left = PluginsDir::of(data_dir).carried().remove_others();
    if let Err(error) = left.and(outgoing::remove_left_behind(&data_dir.join("channels"))) {
        tracing::warn!(%error, "What an earlier version left could not be removed.");
    }
}
