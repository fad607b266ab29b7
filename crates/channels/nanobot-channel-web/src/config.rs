use std::path::PathBuf;
use std::sync::Arc;

use nanobot_channel::{Capabilities, Channel, ChannelConfig, ChannelError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HubOptions, Limits};

/// The section `channels.web` of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WebConfig {
    /// Show answers while they are written.
    pub streaming: bool,
    /// Name at the top of the page.
    pub title: String,
    /// Most conversations kept; beyond it the oldest is removed.
    pub max_conversations: usize,
    /// Names under which the page may be opened besides this machine's own, for example behind a
    /// reverse proxy: `"chat.example.org"`.
    pub allowed_hosts: Vec<String>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            streaming: true,
            title: "nanobot".to_owned(),
            max_conversations: 200,
            allowed_hosts: Vec::new(),
        }
    }
}

impl WebConfig {
    /// The options of a hub with this config and no token.
    #[must_use]
    pub fn hub_options(self, state_dir: impl Into<PathBuf>) -> HubOptions {
        HubOptions {
            state_dir: state_dir.into(),
            title: self.title,
            token: None,
            allowed_hosts: self.allowed_hosts,
            max_conversations: self.max_conversations.max(1),
            limits: Limits::default(),
        }
    }
}

impl ChannelConfig for WebConfig {
    const NAME: &'static str = "web";
    const DISPLAY_NAME: &'static str = "Web chat";
    const CAPABILITIES: Capabilities =
        Capabilities { streaming: true, login: false, deduplicates: true };

    /// Always fails: the page lives on the gateway's control port, so the gateway makes a
    /// [`WebHub`](crate::WebHub) and hands it to [`WebChannel::new`](crate::WebChannel::new).
    fn build(self) -> Result<Arc<dyn Channel>, ChannelError> {
        Err(ChannelError::invalid("the web channel cannot run outside the gateway").with_hint(
            "set channels.web.enabled and run `nanobot gateway`; the page is on its port",
        ))
    }
}

#[cfg(test)]
mod tests {
    use nanobot_channel::{describe, parse_config};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn default_section_is_disabled_streams_and_parses_again() {
        let description = describe::<WebConfig>("1.0.0");
        let expected = json!({
            "enabled": false, "streaming": true, "title": "nanobot", "maxConversations": 200,
            "allowedHosts": [], "allowFrom": []
        });
        assert_eq!(Value::Object(description.default_config.clone()), expected);
        assert_eq!(
            parse_config::<WebConfig>(description.default_config).unwrap(),
            WebConfig::default()
        );
    }
}
