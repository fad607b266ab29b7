//! Adds to a config what it does not say yet.

use nanobot_config::ConfigFile;

use crate::catalog::Catalog;
use crate::channels::chat_page;
use crate::instance::Instance;

/// What was added.
pub(super) struct Added {
    pub(super) keys: Vec<String>,
    /// Why something could not be added, one sentence for each channel.
    pub(super) failures: Vec<String>,
}

/// Adds the workspace of the command line, and a section for each channel there is. A channel that
/// does not say what it needs keeps no other from its section.
pub(super) async fn fill(
    instance: &Instance,
    file: &mut ConfigFile,
    catalog: &Catalog,
) -> anyhow::Result<Added> {
    if let Some(workspace) = instance.chosen_workspace() {
        file.set("agents.defaults.workspace", workspace.to_string_lossy().into())?;
    }
    let mut added = Added { keys: Vec::new(), failures: Vec::new() };
    for (entry, description) in catalog.entries.iter().zip(catalog.describe_all().await) {
        let name = &entry.name;
        let defaults = match description {
            Ok(description) if name == chat_page::NAME => {
                chat_page::defaults_to_write(description.default_config)
            }
            Ok(description) => description.default_config,
            Err(error) => {
                let reason = error.report();
                added.failures.push(format!("no section for plugin {name} was added: {reason}"));
                continue;
            }
        };
        match file.fill_channel(name, &defaults) {
            Ok(keys) => added.keys.extend(keys),
            Err(error) => added.failures.push(error.to_string()),
        }
    }
    Ok(added)
}
