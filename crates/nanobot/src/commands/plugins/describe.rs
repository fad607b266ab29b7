use std::path::{Path, PathBuf};

use anyhow::Context;
use nanobot_channel::{Capabilities, Description};
use nanobot_config::Plugins;
use nanobot_plugin_host::{PluginCommand, Timeouts};
use serde::Serialize;
use serde_json::Value;

use crate::catalog::{Catalog, Provider};
use crate::cli::PluginsDescribeArgs;
use crate::commands::channels::unknown_channel;
use crate::confinement;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::{logging, output, runtime};

/// What the name of a plugin's program begins with.
pub(super) const PREFIX: &str = "nanobot-channel-";

pub(crate) fn run(args: PluginsDescribeArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    runtime::interruptible(async {
        let described = describe(&instance, &args.plugin).await?;
        if args.json {
            output::json(&described)?;
        } else {
            print(&described)?;
        }
        Ok(Outcome::Success)
    })
}

#[derive(Serialize)]
struct Described {
    source: &'static str,
    path: Option<PathBuf>,
    #[serde(flatten)]
    description: Description,
}

async fn describe(instance: &Instance, typed: &str) -> anyhow::Result<Described> {
    if is_path(typed) {
        let name = name_of(typed);
        let sandbox = confinement::sandbox(&Plugins::default(), instance, &name);
        return ask(PluginCommand::executable(name, typed).confined(sandbox)).await;
    }
    let catalog = Catalog::find(instance);
    let Some(entry) = catalog.get(typed) else {
        return Err(unknown_channel(&catalog, typed).into());
    };
    match &entry.provider {
        Provider::Plugin(plugin) => ask(plugin.command()).await,
        Provider::Isolated(built_in, _) | Provider::BuiltIn(built_in) => {
            Ok(Described { source: entry.source(), path: None, description: (built_in.describe)() })
        }
    }
}

/// Starts the plugin even if it was asked before: this command is for finding out what is wrong.
async fn ask(command: PluginCommand) -> anyhow::Result<Described> {
    let description = nanobot_plugin_host::describe(&command, &Timeouts::default())
        .await
        .with_context(|| format!("cannot describe the plugin {}", command.program.display()))?;
    Ok(Described { source: "plugin", path: Some(command.program), description })
}

pub(super) fn is_path(typed: &str) -> bool {
    typed.contains(std::path::is_separator)
}

pub(super) fn name_of(path: &str) -> String {
    let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix(PREFIX).unwrap_or(&stem).to_owned()
}

fn print(described: &Described) -> anyhow::Result<()> {
    let Description { name, display_name, version, capabilities, vouches, .. } =
        &described.description;
    let Description { default_config, config_schema, .. } = &described.description;
    let path = described.path.as_ref().map(|path| path.display().to_string());
    let facts = [
        ("Name", name.clone()),
        ("Display name", display_name.clone()),
        ("Version", version.clone()),
        ("Source", described.source.to_owned()),
        ("Path", path.unwrap_or_default()),
        ("Capabilities", words(*capabilities, *vouches)),
    ];
    for (label, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        output::line(format_args!("{label:14}{value}"))?;
    }
    section("Default config", &Value::Object(default_config.clone()))?;
    section("Config schema", config_schema)
}

fn words(capabilities: Capabilities, vouches: bool) -> String {
    let Capabilities { streaming, login, deduplicates } = capabilities;
    let all = [
        (streaming, "streaming"),
        (login, "login"),
        (deduplicates, "deduplicates"),
        (vouches, "decides itself who may write"),
    ];
    let words: Vec<_> = all.iter().filter(|(has, _)| *has).map(|(_, word)| *word).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn section(title: &str, value: &Value) -> anyhow::Result<()> {
    output::line(format_args!("\n{}", output::styled(title, output::STRONG)))?;
    Ok(output::json(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_of_a_program_gives_the_name_of_its_channel() {
        #[track_caller]
        fn check(path: &str, expected: &str) {
            assert!(is_path(path));
            assert_eq!(name_of(path), expected);
        }
        check("./nanobot-channel-webhook", "webhook");
        check("/opt/bin/echo.py", "echo");
    }
}
