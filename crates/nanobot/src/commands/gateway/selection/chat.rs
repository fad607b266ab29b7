//! The chat page, which lives on the gateway's own port.

use std::sync::Arc;

use anyhow::Context;
use nanobot_channel::{Channel, ChannelConfig, describe, parse_config};
use nanobot_channel_web::{WebChannel, WebConfig, WebHub};
use nanobot_config::{ChannelSection, Config};
use nanobot_gateway::{ChannelSpec, OnUnknown, Revision, Rights};

use crate::channels::chat_page::{ChatPage, NAME};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output;
use crate::section::in_effect;

/// The chat page, if it runs.
pub(super) fn chat(
    instance: &Instance,
    config: &Config,
) -> anyhow::Result<Option<(ChannelSpec, Arc<WebHub>)>> {
    match ChatPage::of(config) {
        ChatPage::On => make(instance, config).map(Some),
        ChatPage::Off => Ok(None),
        ChatPage::TooOpen => {
            let failure = objection(config);
            output::warning(&failure);
            failure.hint().iter().for_each(output::hint);
            Ok(None)
        }
        ChatPage::Refused => Err(objection(config).into()),
    }
}

const REMEDY: &str = "set `gateway.token` to a secret that the page then asks for, or \
    `gateway.host` to \"127.0.0.1\"; to go without the page, set `channels.web.enabled` to false";

/// Says why the chat page does not run although nobody has switched it off.
pub(in crate::commands) fn objection(config: &Config) -> Failure {
    let host = &config.gateway.host;
    let what = match ChatPage::of(config) {
        ChatPage::Refused => "channels.web cannot run",
        _ => "the chat page is off",
    };
    let reason = format!("`gateway.host` is \"{host}\", so everybody on the network could use it");
    Failure::new(format!("{what}: {reason}")).with_hint(REMEDY)
}

fn make(instance: &Instance, config: &Config) -> anyhow::Result<(ChannelSpec, Arc<WebHub>)> {
    let unset = ChannelSection::default();
    let section = config.channels.sections.get(NAME).unwrap_or(&unset);
    let description = describe::<WebConfig>(env!("CARGO_PKG_VERSION"));
    let web: WebConfig = parse_config(in_effect(&description.default_config, &section.raw))
        .with_context(|| format!("{} cannot be used", instance.paths.config_file.display()))?;
    let streams = WebConfig::CAPABILITIES.streaming && web.streaming;
    let state_dir = instance.paths.channel_state_dir(NAME);
    let mut options = web.hub_options(&state_dir);
    options.token.clone_from(&config.gateway.token);
    let hub = WebHub::new(options).context("cannot open the chat page")?;
    let page = Arc::clone(&hub);
    let spec = ChannelSpec {
        name: NAME.to_owned(),
        display_name: description.display_name,
        has_process: false,
        allow_from: Vec::new(),
        streams,
        send_progress: true,
        send_tool_hints: true,
        deduplicates: WebConfig::CAPABILITIES.deduplicates,
        on_unknown: OnUnknown::default(),
        rights: Rights::default(),
        max_concurrent_deliveries: None,
        // The page cannot be made again while the gateway runs.
        revision: Revision::default(),
        state_dir,
        media_dir: instance.paths.media_dir(NAME),
        build: Arc::new(move || {
            Ok(Arc::new(WebChannel::new(Arc::clone(&page))) as Arc<dyn Channel>)
        }),
        revert: None,
    };
    Ok((chat_by_rules(&spec, config), hub))
}

/// The page, used by the rules of this config.
pub(in crate::commands::gateway) fn chat_by_rules(
    page: &ChannelSpec,
    config: &Config,
) -> ChannelSpec {
    let unset = ChannelSection::default();
    let section = config.channels.sections.get(NAME).unwrap_or(&unset);
    ChannelSpec {
        // Whoever can open the page is let in: the address or the token has kept out all others.
        allow_from: section.allow_from.clone().unwrap_or_else(|| vec!["*".to_owned()]),
        send_progress: section.send_progress.unwrap_or(config.channels.send_progress),
        send_tool_hints: section.send_tool_hints.unwrap_or(config.channels.send_tool_hints),
        max_concurrent_deliveries: section.max_concurrent_deliveries.map(usize::from),
        ..page.clone()
    }
}
