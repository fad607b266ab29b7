use std::path::PathBuf;

use nanobot_channel::{ChannelError, Description};
use nanobot_config::Config;
use serde::Serialize;

use crate::catalog::{Catalog, Entry};
use crate::cli::PluginsListArgs;
use crate::confinement::Rights;
use crate::exit::{self, Outcome};
use crate::instance::Instance;
use crate::table::Table;
use crate::{logging, output, runtime};

pub(crate) fn run(args: PluginsListArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let config = config_or_complaint(&instance);
    let catalog = Catalog::find(&instance);
    runtime::interruptible(async {
        let descriptions = catalog.describe_all().await;
        let rows: Vec<Row> = catalog
            .entries
            .iter()
            .zip(&descriptions)
            .map(|(entry, description)| {
                Row::new(entry, description.as_ref(), config.as_ref(), &instance)
            })
            .collect();
        print(&rows, args.json)?;
        catalog.tell_left_out();
        Ok(Outcome::Success)
    })
}

/// A list of what is installed is of use also while the config is broken.
fn config_or_complaint(instance: &Instance) -> Option<Config> {
    match instance.load() {
        Ok(loaded) => Some(loaded.config),
        Err(error) => {
            output::warning(format_args!(
                "cannot tell which channels are enabled: {}",
                exit::chain(&error)
            ));
            exit::hint(&error).iter().for_each(output::hint);
            None
        }
    }
}

#[derive(Serialize)]
struct Row {
    name: String,
    source: &'static str,
    /// Whether the channel runs in a process of its own, as plugins always do.
    isolated: bool,
    /// Not known without a valid config.
    enabled: Option<bool>,
    display_name: Option<String>,
    version: Option<String>,
    path: Option<PathBuf>,
    /// What its process may do; nothing for a channel that runs in the gateway.
    rights: Option<Rights>,
    error: Option<String>,
    hint: Option<String>,
}

impl Row {
    fn new(
        entry: &Entry,
        description: Result<&Description, &ChannelError>,
        config: Option<&Config>,
        instance: &Instance,
    ) -> Self {
        let known = description.ok();
        Self {
            name: entry.name.clone(),
            source: entry.source(),
            isolated: entry.has_process(),
            enabled: config.map(|config| entry.is_enabled(config)),
            display_name: known.map(|known| known.display_name.clone()),
            version: known.map(|known| known.version.clone()),
            path: entry.path(),
            rights: entry.command().map(|command| Rights::of(&command, instance)),
            error: description.err().map(ChannelError::report),
            hint: description.err().and_then(ChannelError::hint).map(str::to_owned),
        }
    }
}

/// That plugins have processes of their own is nothing to tell.
fn source(row: &Row) -> &str {
    if row.isolated && row.source == "builtin" { "builtin (isolated)" } else { row.source }
}

fn print(rows: &[Row], is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return Ok(output::json(&rows)?);
    }
    let mut table = Table::new(["Name", "Source", "Enabled", "Display name", "May use", "Path"]);
    for row in rows {
        let path = row.path.as_ref().map(|path| path.display().to_string());
        table.add([
            row.name.clone(),
            source(row).to_owned(),
            row.enabled.map_or("?", |is_enabled| if is_enabled { "yes" } else { "no" }).to_owned(),
            row.display_name.clone().unwrap_or_else(|| "?".to_owned()),
            row.rights.as_ref().map(Rights::summary).unwrap_or_default(),
            path.unwrap_or_default(),
        ]);
    }
    for line in table.lines() {
        output::line(line)?;
    }
    for (row, error) in rows.iter().filter_map(|row| Some((row, row.error.as_ref()?))) {
        output::warning(format_args!("plugin {} does not say what it is: {error}", row.name));
        row.hint.iter().for_each(output::hint);
        let ask = format_args!("`nanobot plugins describe {}` asks it again", row.name);
        output::hint(ask);
    }
    Ok(())
}
