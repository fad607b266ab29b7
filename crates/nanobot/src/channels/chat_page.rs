//! When the chat page runs. It is the one channel that needs no setting up: on an address of this
//! machine alone it runs unless it is switched off.

use std::net::IpAddr;

use nanobot_channel::ChannelConfig;
use nanobot_channel_web::WebConfig;
use nanobot_config::{Config, ExposeSecret, Gateway};
use serde_json::{Map, Value};

/// Name of its section.
pub(crate) const NAME: &str = WebConfig::NAME;
/// Keys whose default depends on the address, so that they are not written into a config.
const DECIDED_HERE: [&str; 2] = ["enabled", "allowFrom"];

/// Whether the chat page runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChatPage {
    On,
    /// It was switched off.
    Off,
    /// Nobody asked for it, and everybody on the network could open it.
    TooOpen,
    /// It was asked for, and everybody on the network could open it.
    Refused,
}

impl ChatPage {
    pub(crate) fn of(config: &Config) -> Self {
        let wanted = config.channels.sections.get(NAME).and_then(|section| section.enabled);
        let is_safe = is_loopback(&config.gateway.host) || has_token(&config.gateway);
        match (wanted, is_safe) {
            (Some(false), _) => Self::Off,
            (Some(true) | None, true) => Self::On,
            (Some(true), false) => Self::Refused,
            (None, false) => Self::TooOpen,
        }
    }
}

/// What `nanobot onboard` writes of a section's defaults.
pub(crate) fn defaults_to_write(mut defaults: Map<String, Value>) -> Map<String, Value> {
    defaults.retain(|key, _| !DECIDED_HERE.contains(&key.as_str()));
    defaults
}

fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn has_token(gateway: &Gateway) -> bool {
    let token = gateway.token.as_ref();
    token.is_some_and(|token| !token.expose_secret().is_empty())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use nanobot_config::{ConfigFile, Environment};
    use serde_json::json;

    use super::*;

    #[test]
    fn page_runs_by_default_where_only_this_machine_or_a_token_gets_in() {
        #[track_caller]
        fn check(host: &str, token: &str, web: &Value, expected: ChatPage) {
            let text = json!({
                "gateway": {"host": host, "token": token}, "channels": {"web": web}
            });
            let file = ConfigFile::parse(Path::new("config.json"), text.to_string()).unwrap();
            let config = file.resolve(&Environment::default()).unwrap();
            assert_eq!(ChatPage::of(&config), expected, "{host} {web}");
        }
        let (open, on, off) = (json!({}), json!({"enabled": true}), json!({"enabled": false}));
        for host in ["127.0.0.1", "::1", "localhost"] {
            check(host, "", &open, ChatPage::On);
            check(host, "", &off, ChatPage::Off);
        }
        check("0.0.0.0", "", &open, ChatPage::TooOpen);
        check("0.0.0.0", "", &on, ChatPage::Refused);
        check("0.0.0.0", "", &off, ChatPage::Off);
        check("0.0.0.0", "secret", &open, ChatPage::On);
    }
}
