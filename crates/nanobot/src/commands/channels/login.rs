mod hidden_input;
mod terminal;

use std::sync::Arc;

use anyhow::Context;
use nanobot_channel::LoginContext;
use nanobot_config::Config;
use serde_json::Map;

use super::unknown_channel;
use crate::catalog::{Catalog, Entry};
use crate::cli::ChannelsLoginArgs;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::{control, logging, output, private_folder, runtime, section};
use terminal::Terminal;

pub(crate) fn run(args: ChannelsLoginArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let catalog = Catalog::find(&instance);
    let Some(entry) = catalog.get(&args.name) else {
        return Err(unknown_channel(&catalog, &args.name).into());
    };
    let config = instance.load()?.config;
    runtime::interruptible(log_in(&instance, &catalog, entry, &config, args.force))
}

async fn log_in(
    instance: &Instance,
    catalog: &Catalog,
    entry: &Entry,
    config: &Config,
    is_forced: bool,
) -> anyhow::Result<Outcome> {
    let description = catalog
        .describe(entry)
        .await
        .with_context(|| format!("cannot start the channel {}", entry.name))?;
    let name = &description.display_name;
    output::line(format_args!("🐈 {name} Login\n"))?;
    if !description.capabilities.login {
        output::line(format_args!("{name} needs no login."))?;
        return Ok(Outcome::Success);
    }
    let typed = config.channels.sections.get(&entry.name).map(|section| &section.raw);
    let section = section::in_effect(&description.default_config, typed.unwrap_or(&Map::new()));
    let state_dir = instance.paths.channel_state_dir(&entry.name);
    private_folder::create(&state_dir)?;
    let cx = LoginContext::new(state_dir, Arc::new(Terminal));
    let is_logged_in = entry
        .build(section)?
        .login(cx, is_forced)
        .await
        .with_context(|| format!("{name} login failed"))?;
    if !is_logged_in {
        return Err(again(instance, entry, name).into());
    }
    output::line(output::done(format_args!("{name} is logged in")))?;
    if control::restart(&instance.paths.control_socket(), &entry.name).await? {
        output::line("The running gateway starts the channel again.")?;
    }
    Ok(Outcome::Success)
}

fn again(instance: &Instance, entry: &Entry, name: &str) -> Failure {
    let command = instance.command(&format!("channels login {} --force", entry.name));
    Failure::new(format!("{name} is not logged in"))
        .with_hint(format!("to try again, run `{command}`"))
}
