//! The channels that are part of this program: one line for each.

pub(crate) mod chat_page;

use std::sync::Arc;

use nanobot_channel::{Channel, ChannelConfig, ChannelError, Description, describe, parse_config};
use nanobot_channel_discord::DiscordConfig;
use nanobot_channel_telegram::TelegramConfig;
use nanobot_channel_web::WebConfig;
use serde_json::{Map, Value};

/// All of them. Their names are reserved: no plugin can take one.
pub(crate) static BUILT_INS: &[BuiltIn] =
    &[BuiltIn::of::<DiscordConfig>(), BuiltIn::of::<TelegramConfig>(), BuiltIn::of::<WebConfig>()];

/// Makes a channel from its section.
pub(crate) type Build = fn(Map<String, Value>) -> Result<Arc<dyn Channel>, ChannelError>;

/// A channel that is part of this program.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    pub(crate) describe: fn() -> Description,
    pub(crate) build: Build,
}

impl BuiltIn {
    const fn of<C: ChannelConfig>() -> Self {
        Self {
            name: C::NAME,
            describe: || describe::<C>(env!("CARGO_PKG_VERSION")),
            build: |section| parse_config::<C>(section)?.build(),
        }
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
