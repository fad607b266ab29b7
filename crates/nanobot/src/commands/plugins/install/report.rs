//! What was installed, how it is, and what comes next.

use nanobot_channel::{ChannelError, Description};
use nanobot_config::Config;
use nanobot_gateway::Reloaded;
use nanobot_plugin_host::{DiscoveredPlugin, Source};

use crate::catalog::{Catalog, Entry, Provider};
use crate::instance::Instance;
use crate::output::{self, done};
use crate::{control, exit};

pub(super) async fn tell(instance: &Instance, plugins: &[DiscoveredPlugin]) -> anyhow::Result<()> {
    let catalog = Catalog::find(instance);
    let config = instance.load().map(|loaded| loaded.config);
    for plugin in plugins {
        output::line(done(format_args!("Installed {}: {}", plugin.name, plugin.source)))?;
        match used(&catalog, plugin) {
            Some(entry) => tell_used(instance, &catalog, entry, config.as_ref().ok()).await?,
            None => catalog.tell_shadow(plugin),
        }
    }
    if let Err(error) = config {
        output::warning(format_args!("the config cannot be read: {}", exit::chain(&error)));
    }
    Ok(())
}

/// The channel of that name, unless something else provides it.
fn used<'a>(catalog: &'a Catalog, plugin: &DiscoveredPlugin) -> Option<&'a Entry> {
    let entry = catalog.get(&plugin.name)?;
    let is_used = matches!(&entry.provider, Provider::Plugin(used) if used.source == plugin.source);
    is_used.then_some(entry)
}

async fn tell_used(
    instance: &Instance,
    catalog: &Catalog,
    entry: &Entry,
    config: Option<&Config>,
) -> anyhow::Result<()> {
    tell_state(entry, catalog.describe(entry).await)?;
    let name = &entry.name;
    let has_section = config.is_some_and(|config| config.channels.sections.contains_key(name));
    let is_enabled = config.is_some_and(|config| entry.is_enabled(config));
    let reloaded = control::reload(&instance.paths.control_socket()).await?;
    let runs = reloaded.is_some_and(|Reloaded { applied, .. }| {
        applied.started.contains(name) || applied.restarted.contains(name)
    });
    output::line(match (has_section, is_enabled, runs) {
        (_, _, true) => "  The running gateway starts the channel now.".to_owned(),
        (_, true, _) => {
            format!("  Next: start `{}`, again if it is running", instance.command("gateway"))
        }
        (true, false, _) => {
            let file = instance.paths.config_file.display();
            format!("  Next: set `enabled` and `allowFrom` in channels.{name} of {file}")
        }
        (false, ..) => {
            format!("  Next: `{}` adds its section to the config", instance.command("onboard"))
        }
    })?;
    Ok(())
}

fn tell_state(entry: &Entry, said: Result<Description, ChannelError>) -> anyhow::Result<()> {
    match said {
        Ok(description) => {
            output::line(format_args!(
                "  It works, and calls itself {}.",
                description.display_name
            ))?;
        }
        Err(error) => {
            output::warning(format_args!("it cannot be started: {}", error.report()));
            let usual = match &entry.provider {
                Provider::Plugin(plugin) => usual_hint(&plugin.source),
                Provider::BuiltIn(_) | Provider::Isolated(..) => None,
            };
            error.hint().map(str::to_owned).or(usual).iter().for_each(output::hint);
        }
    }
    Ok(())
}

fn usual_hint(source: &Source) -> Option<String> {
    let Source::Python { distribution, .. } = source else {
        return None;
    };
    Some(format!("mend {distribution} and install it again with `--force`"))
}
