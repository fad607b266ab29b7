//! Which channels run, and with what.

mod chat;
mod spec;

pub(super) use chat::chat_by_rules;

use std::sync::Arc;

use futures_util::future::join_all;
use nanobot_channel_web::WebHub;
use nanobot_config::{ChannelSection, Config};
use nanobot_gateway::ChannelSpec;

use crate::catalog::Catalog;
use crate::channels::chat_page;
use crate::instance::Instance;
use crate::output;

/// The channels that run.
pub(super) struct Selection {
    /// All but the chat page.
    pub(super) channels: Vec<ChannelSpec>,
    /// The chat page, if it runs.
    pub(super) chat: Option<ChannelSpec>,
    /// What it is served from.
    pub(super) hub: Option<Arc<WebHub>>,
}

/// Chooses the channels. What is wrong with one is said on stderr and keeps no other from running.
pub(super) async fn select(
    instance: &Instance,
    config: &Config,
    catalog: &Catalog,
) -> anyhow::Result<Selection> {
    let chat = chat::chat(instance, config)?;
    let (chat, hub) = chat.map_or((None, None), |(spec, hub)| (Some(spec), Some(hub)));
    chat.iter().for_each(tell_access);
    Ok(Selection { channels: channels(instance, config, catalog).await, chat, hub })
}

/// The channels besides the chat page.
pub(super) async fn channels(
    instance: &Instance,
    config: &Config,
    catalog: &Catalog,
) -> Vec<ChannelSpec> {
    let enabled = enabled_sections(config);
    let specs = enabled.iter().filter_map(|(name, section)| {
        let entry = catalog.get(name).or_else(|| tell_missing(catalog, name))?;
        Some(spec::spec(instance, config, catalog, entry, section))
    });
    let channels = join_all(specs).await;
    catalog.tell_left_out();
    channels.iter().for_each(tell_access);
    channels
}

fn enabled_sections(config: &Config) -> Vec<(&str, &ChannelSection)> {
    let sections = config.channels.sections.iter();
    sections
        .filter(|(name, section)| section.is_enabled() && *name != chat_page::NAME)
        .map(|(name, section)| (name.as_str(), section))
        .collect()
}

fn tell_missing<T>(catalog: &Catalog, name: &str) -> Option<T> {
    output::warning(format_args!(
        "no channel or plugin named \"{name}\" is installed, so channels.{name} does not run"
    ));
    match catalog.closest(name) {
        Some(closest) => output::hint(format_args!("did you mean `{closest}`?")),
        None => output::hint(format_args!(
            "`nanobot plugins install` installs a plugin, `nanobot plugins list` shows what is found"
        )),
    }
    None
}

/// Says what a person should know about who may write.
fn tell_access(spec: &ChannelSpec) {
    if spec.rights.vouches {
        output::note(format_args!(
            "channels.{name}: the plugin also lets people write by a rule of its own; \
             set channels.{name}.trustPlugin to false to go by allowFrom alone",
            name = spec.name
        ));
    } else if spec.allow_from.is_empty() {
        output::warning(format_args!(
            "channels.{}.allowFrom is empty: nobody can write; list ids or \"*\"",
            spec.name
        ));
    }
}
