//! The channels that are part of this program: one line for each.

pub(crate) mod chat_page;
pub(crate) mod isolated;

use std::process::ExitCode;
use std::sync::Arc;

use nanobot_channel::{Channel, ChannelConfig, ChannelError, Description, describe, parse_config};
use nanobot_channel_discord::DiscordConfig;
use nanobot_channel_telegram::TelegramConfig;
use nanobot_channel_web::WebConfig;
use serde_json::{Map, Value};

/// All of them. Their names are reserved: no plugin can take one.
pub(crate) static BUILT_INS: &[BuiltIn] =
    &[BuiltIn::of::<DiscordConfig>(), BuiltIn::of::<TelegramConfig>(), BuiltIn::web()];

/// Makes a channel from its section.
pub(crate) type Build = fn(Map<String, Value>) -> Result<Arc<dyn Channel>, ChannelError>;

/// A channel that is part of this program.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    pub(crate) describe: fn() -> Description,
    pub(crate) build: Build,
    /// Finds what is wrong with its section.
    pub(crate) check: fn(Map<String, Value>) -> Result<(), ChannelError>,
    /// Runs it as a plugin, as the whole of a process; takes the version of this program. None for
    /// one that cannot live outside of the gateway.
    pub(crate) serve: Option<fn(&str) -> ExitCode>,
}

impl BuiltIn {
    const fn of<C: ChannelConfig>() -> Self {
        Self {
            name: C::NAME,
            describe: || describe::<C>(env!("CARGO_PKG_VERSION")),
            build: |section| parse_config::<C>(section)?.build(),
            check: |section| parse_config::<C>(section)?.build().map(drop),
            serve: Some(nanobot_plugin::serve::<C>),
        }
    }
}

/// The one with this name.
pub(crate) fn get(name: &str) -> Option<&'static BuiltIn> {
    BUILT_INS.iter().find(|built_in| built_in.name == name)
}

impl BuiltIn {
    /// The chat page, which only the gateway can make.
    const fn web() -> Self {
        let check = |section| parse_config::<WebConfig>(section).map(drop);
        Self { check, serve: None, ..Self::of::<WebConfig>() }
    }
}

/// The names of all of them.
pub(crate) fn names() -> Vec<&'static str> {
    BUILT_INS.iter().map(|built_in| built_in.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_section_is_disabled_and_open_to_nobody() {
        for built_in in BUILT_INS {
            let section = (built_in.describe)().default_config;
            assert_eq!(section["enabled"], Value::Bool(false), "{}", built_in.name);
            assert_eq!(section["allowFrom"], Value::Array(Vec::new()), "{}", built_in.name);
        }
    }
}
