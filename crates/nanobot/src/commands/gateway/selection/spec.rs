use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use nanobot_channel::Capabilities;
use nanobot_config::{ChannelSection, Config};
use nanobot_gateway::channel_spec::{BuildChannel, Revert};
use nanobot_gateway::{ChannelSpec, OnUnknown, Revision, Rights};
use nanobot_plugin_host::{Previous, Source};
use serde_json::{Map, Value};

use crate::catalog::{Catalog, Entry, Provider};
use crate::instance::Instance;
use crate::section::{in_effect, without_gateway_keys};

/// What the gateway needs to run a channel.
///
/// A plugin that does not say what it is runs with its section as typed: when it is started it says
/// what is wrong, and that shows in the status.
pub(in crate::commands) async fn spec(
    instance: &Instance,
    config: &Config,
    catalog: &Catalog,
    entry: &Entry,
    section: &ChannelSection,
) -> ChannelSpec {
    let description = catalog.describe(entry).await.ok();
    let vouches = description.as_ref().is_some_and(|it| it.vouches);
    let (display_name, capabilities, defaults) = description.map_or_else(
        || (entry.name.clone(), Capabilities::default(), Map::new()),
        |it| (it.display_name, it.capabilities, it.default_config),
    );
    let raw = in_effect(&defaults, &section.raw);
    ChannelSpec {
        name: entry.name.clone(),
        display_name,
        has_process: entry.has_process(),
        allow_from: section.allow_from.clone().unwrap_or_else(|| texts(&raw, "allowFrom")),
        streams: capabilities.streaming
            && section.streaming.unwrap_or_else(|| is_true(&raw, "streaming")),
        send_progress: section.send_progress.unwrap_or(config.channels.send_progress),
        send_tool_hints: section.send_tool_hints.unwrap_or(config.channels.send_tool_hints),
        deduplicates: capabilities.deduplicates,
        on_unknown: on_unknown(section),
        rights: rights(is_package(entry), section, capabilities, vouches),
        max_concurrent_deliveries: section.max_concurrent_deliveries.map(usize::from),
        revision: revision(entry, &raw),
        revert: revert(catalog, entry),
        state_dir: instance.paths.channel_state_dir(&entry.name),
        media_dir: instance.paths.media_dir(&entry.name),
        build: builder(entry, raw),
    }
}

fn builder(entry: &Entry, section: Map<String, Value>) -> Arc<BuildChannel> {
    let entry = entry.clone();
    Arc::new(move || entry.build(section.clone()))
}

/// What a plugin may do beyond receiving and delivering.
///
/// Packages of the Python program were written when deciding who may write and writing to other
/// channels was everybody's right, and cannot ask for it. Their users trusted them so, and find them
/// working here; other plugins get what the config says.
fn rights(
    is_package: bool,
    section: &ChannelSection,
    capabilities: Capabilities,
    vouches: bool,
) -> Rights {
    let usual = if is_package { vec!["*".to_owned()] } else { Vec::new() };
    Rights {
        vouches: vouches && section.trust_plugin.unwrap_or(is_package),
        asks_for_streams: capabilities.streaming,
        publishes_to: section.publish_to.clone().unwrap_or(usual),
    }
}

fn is_package(entry: &Entry) -> bool {
    matches!(&entry.provider, Provider::Plugin(plugin)
        if matches!(plugin.source, Source::Python { .. }))
}

/// What makes the channel start again when it changes.
fn revision(entry: &Entry, section: &Map<String, Value>) -> Revision {
    let seen = Value::Object(without_gateway_keys(section)).to_string();
    match &entry.provider {
        Provider::BuiltIn(_) => Revision { section: fingerprint(&seen), program: 0 },
        Provider::Isolated(_, command) => Revision {
            section: fingerprint(&(seen, &command.sandbox)),
            program: command.fingerprint(),
        },
        Provider::Plugin(plugin) => {
            // The Python package checks the list in the plugin, too.
            let list = is_package(entry).then(|| texts(section, "allowFrom"));
            let command = plugin.command();
            Revision {
                section: fingerprint(&(seen, list, &command.sandbox)),
                program: command.fingerprint(),
            }
        }
    }
}

fn fingerprint(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Undoes the last upgrade of a plugin that we installed.
fn revert(catalog: &Catalog, entry: &Entry) -> Option<Arc<Revert>> {
    let Provider::Plugin(plugin) = &entry.provider else { return None };
    let previous = Previous::of(&catalog.places, plugin)?;
    Some(Arc::new(move || previous.restore()))
}

fn on_unknown(section: &ChannelSection) -> OnUnknown {
    match section.on_unknown {
        Some(nanobot_config::OnUnknown::Hold) => OnUnknown::Hold,
        Some(nanobot_config::OnUnknown::Resend) | None => OnUnknown::Resend,
    }
}

fn is_true(section: &Map<String, Value>, key: &str) -> bool {
    section.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn texts(section: &Map<String, Value>, key: &str) -> Vec<String> {
    let list = section.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_may_what_they_always_could_and_others_what_the_config_says() {
        #[track_caller]
        fn check(is_package: bool, section: &ChannelSection, vouches: bool, channels: &[&str]) {
            let rights = rights(is_package, section, Capabilities::default(), true);
            assert_eq!(
                (rights.vouches, rights.publishes_to.as_slice()),
                (vouches, &texts(channels)[..])
            );
        }
        fn texts(channels: &[&str]) -> Vec<String> {
            channels.iter().map(ToString::to_string).collect()
        }
        let unsaid = ChannelSection::default();
        check(true, &unsaid, true, &["*"]);
        check(false, &unsaid, false, &[]);
        let said = ChannelSection {
            trust_plugin: Some(true),
            publish_to: Some(texts(&["telegram"])),
            ..ChannelSection::default()
        };
        check(true, &said, true, &["telegram"]);
        check(false, &said, true, &["telegram"]);
        let denied = ChannelSection {
            trust_plugin: Some(false),
            publish_to: Some(Vec::new()),
            ..ChannelSection::default()
        };
        check(true, &denied, false, &[]);
        check(false, &denied, false, &[]);
    }

    #[test]
    fn a_plugin_without_a_rule_of_its_own_is_trusted_with_nothing() {
        let trusted = ChannelSection { trust_plugin: Some(true), ..ChannelSection::default() };
        assert!(!rights(true, &trusted, Capabilities::default(), false).vouches);
    }
}
