//! The channels as the config wants them, for when no gateway is running.

use std::collections::BTreeMap;

use serde_json::json;

use crate::catalog::Catalog;
use crate::instance::Instance;
use crate::output;
use crate::table::Table;

pub(super) fn print(instance: &Instance, is_json: bool) -> anyhow::Result<()> {
    let config = instance.load()?.config;
    let catalog = Catalog::find(instance);
    let mut enabled: BTreeMap<&str, bool> = config
        .channels
        .sections
        .iter()
        .map(|(name, section)| (name.as_str(), section.is_enabled()))
        .collect();
    enabled.extend(
        catalog.entries.iter().map(|entry| (entry.name.as_str(), entry.is_enabled(&config))),
    );
    if is_json {
        let channels: BTreeMap<_, _> = enabled
            .iter()
            .map(|(name, is_enabled)| (name, json!({"enabled": is_enabled})))
            .collect();
        return Ok(output::json(&json!({"running": false, "channels": channels}))?);
    }
    let mut table = Table::new(["Channel", "Enabled"]);
    for (name, is_enabled) in enabled {
        table.add([name.to_owned(), if is_enabled { "✓" } else { "✗" }.to_owned()]);
    }
    for line in table.lines() {
        output::line(line)?;
    }
    output::note("\nNo gateway is running; this is what the config says.");
    output::hint(format_args!("to start one, run `{}`", instance.command("gateway")));
    Ok(())
}
