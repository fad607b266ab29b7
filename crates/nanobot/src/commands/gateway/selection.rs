//! Which channels run, and with what.

mod chat;
mod spec;

pub(super) use chat::chat_by_rules;
pub(in crate::commands) use chat::objection;
pub(in crate::commands) use spec::spec;

use std::sync::Arc;

use futures_util::future::join_all;
use nanobot_channel_web::WebHub;
use nanobot_config::{ChannelSection, Config};
use nanobot_gateway::ChannelSpec;

use crate::catalog::Catalog;
use crate::channels::chat_page;
use crate::failure::Failure;
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
        Some(spec(instance, config, catalog, entry, section))
    });
    let channels = join_all(specs).await;
    catalog.tell_left_out();
    channels.iter().for_each(tell_access);
    channels
}

/// The sections of the channels that are to run, but the chat page's.
pub(in crate::commands) fn enabled_sections(config: &Config) -> Vec<(&str, &ChannelSection)> {
    let sections = config.channels.sections.iter();
    sections
        .filter(|(name, section)| section.is_enabled() && *name != chat_page::NAME)
        .map(|(name, section)| (name.as_str(), section))
        .collect()
}

fn tell_missing<T>(catalog: &Catalog, name: &str) -> Option<T> {
    let failure = missing(catalog, name);
    output::warning(&failure);
    failure.hint().iter().for_each(output::hint);
    None
}

/// Says that nothing provides a channel.
pub(in crate::commands) fn missing(catalog: &Catalog, name: &str) -> Failure {
    let failure = Failure::new(format!(
        "no channel or plugin named \"{name}\" is installed, so channels.{name} does not run"
    ));
    failure.with_hint(match catalog.closest(name) {
        Some(closest) => format!("did you mean `{closest}`?"),
        None => "`nanobot plugins install` installs a plugin, `nanobot plugins list` shows what is found"
            .to_owned(),
    })
}

/// What a person should know about who may write.
pub(in crate::commands) enum Access {
    /// Others than those on the list, too.
    OwnRule(String),
    Nobody(String),
}

pub(in crate::commands) fn access(spec: &ChannelSpec) -> Option<Access> {
    let name = &spec.name;
    if spec.rights.vouches {
        return Some(Access::OwnRule(format!(
            "channels.{name}: the plugin also lets people write by a rule of its own; \
             set channels.{name}.trustPlugin to false to go by allowFrom alone"
        )));
    }
    spec.allow_from.is_empty().then(|| {
        Access::Nobody(format!(
            "channels.{name}.allowFrom is empty: nobody can write; list ids or \"*\""
        ))
    })
}

fn tell_access(spec: &ChannelSpec) {
    match access(spec) {
        Some(Access::OwnRule(text)) => output::note(text),
        Some(Access::Nobody(text)) => output::warning(text),
        None => {}
    }
}
