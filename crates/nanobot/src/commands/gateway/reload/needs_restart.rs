use nanobot_config::{Config, ExposeSecret, SecretString};

use crate::channels::chat_page;
use crate::section::without_gateway_keys;

/// The keys that differ from what the gateway started with and cannot change while it runs: the
/// port is open, and the chat page lives on it.
pub(super) fn keys(first: &Config, current: &Config, is_port_chosen: bool) -> Vec<String> {
    let (before, now) = (&first.gateway, &current.gateway);
    let secret =
        |token: &Option<SecretString>| token.as_ref().map(|token| token.expose_secret().to_owned());
    let page = |config: &Config| {
        let section = config.channels.sections.get(chat_page::NAME);
        section.map(|section| (section.enabled, without_gateway_keys(&section.raw)))
    };
    let changed = [
        ("gateway.host", before.host != now.host),
        ("gateway.port", before.port != now.port && !is_port_chosen),
        ("gateway.token", secret(&before.token) != secret(&now.token)),
        ("channels.web", page(first) != page(current)),
    ];
    changed.iter().filter(|(_, is_changed)| *is_changed).map(|(key, _)| (*key).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use nanobot_config::{ConfigFile, Environment};
    use serde_json::{Value, json};

    use super::*;

    fn config(typed: &Value) -> Config {
        let file = ConfigFile::parse(Path::new("config.json"), typed.to_string()).unwrap();
        file.resolve(&Environment::default()).unwrap()
    }

    #[track_caller]
    fn check(now: &Value, is_port_chosen: bool, expected: &[&str]) {
        assert_eq!(keys(&config(&json!({})), &config(now), is_port_chosen), expected);
    }

    #[test]
    fn what_is_bound_to_the_port_needs_a_restart() {
        check(
            &json!({"gateway": {"port": 1, "host": "::1"}}),
            false,
            &["gateway.host", "gateway.port"],
        );
        check(&json!({"gateway": {"port": 1, "token": "t"}}), true, &["gateway.token"]);
        check(&json!({"channels": {"web": {"title": "Ada"}}}), false, &["channels.web"]);
        check(&json!({"channels": {"webhook": {"port": 1}, "sendMaxRetries": 5}}), false, &[]);
    }
}
