use std::sync::Arc;

use nanobot_channel::Capabilities;
use nanobot_config::{ChannelSection, Config};
use nanobot_gateway::ChannelSpec;
use nanobot_gateway::channel_spec::{BuildChannel, OnUnknown};
use serde_json::{Map, Value};

use crate::catalog::{Catalog, Entry};
use crate::instance::Instance;
use crate::section::in_effect;

/// What the gateway needs to run a channel.
///
/// A plugin that does not say what it is runs with its section as typed: when it is started it says
/// what is wrong, and that shows in the status.
pub(super) async fn spec(
    instance: &Instance,
    config: &Config,
    catalog: &Catalog,
    entry: &Entry,
    section: &ChannelSection,
) -> ChannelSpec {
    let description = catalog.describe(entry).await.ok();
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
        state_dir: instance.paths.channel_state_dir(&entry.name),
        media_dir: instance.paths.media_dir(&entry.name),
        build: builder(entry, raw),
    }
}

fn builder(entry: &Entry, section: Map<String, Value>) -> Arc<BuildChannel> {
    let entry = entry.clone();
    Arc::new(move || entry.build(section.clone()))
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
