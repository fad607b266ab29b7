//! What a plugin says of itself, and what it is told of the host.

use std::time::Duration;

use nanobot_channel as channel;
use nanobot_channel::Description;
use nanobot_protocol as wire;

use super::error::shortened;

pub(crate) fn status(status: wire::ChannelStatus) -> channel::ChannelStatus {
    let told = status.message.or(status.error.map(|error| error.message));
    channel::ChannelStatus {
        state: match status.state {
            wire::ChannelState::Connecting => channel::ChannelState::Connecting,
            wire::ChannelState::Connected => channel::ChannelState::Connected,
            wire::ChannelState::Retrying => channel::ChannelState::Retrying,
            wire::ChannelState::LoginRequired => channel::ChannelState::LoginRequired,
            wire::ChannelState::Failed => channel::ChannelState::Failed,
        },
        message: told.map(shortened),
        retry_in: status.retry_in_ms.map(Duration::from_millis),
        account: status.account.map(|account| channel::Account {
            id: shortened(account.id),
            display_name: account.display_name.map(shortened),
        }),
        last_event_ms: status.last_event_ms,
        last_success_ms: status.last_success_ms,
    }
}

pub(crate) fn login_prompt(prompt: wire::LoginPrompt) -> channel::LoginPrompt {
    let data = prompt.data;
    match prompt.kind {
        wire::LoginPromptKind::Qr => channel::LoginPrompt::Qr {
            data,
            expires_in: prompt.expires_in_ms.map(Duration::from_millis),
        },
        wire::LoginPromptKind::Url => channel::LoginPrompt::Url(data),
        wire::LoginPromptKind::Code => channel::LoginPrompt::Code(data),
        wire::LoginPromptKind::Message => channel::LoginPrompt::Message(data),
    }
}

/// What the host can do; before a channel runs, only what each can.
pub(crate) fn host_capabilities(offers: Option<channel::Offers>) -> wire::HostCapabilities {
    let offers = offers.unwrap_or_default();
    wire::HostCapabilities {
        sender_check: Some(wire::Empty {}),
        transcription: offers.transcription.then_some(wire::Empty {}),
        publish: offers.publish.then_some(wire::Empty {}),
    }
}

/// A description under the name that the plugin was found by; its section starts disabled and open
/// to nobody, whatever the plugin says.
pub(crate) fn description(name: &str, answer: wire::InitializeAnswer) -> Description {
    let mut default_config = answer.default_config;
    default_config.shift_remove("allow_from");
    default_config.insert("enabled".into(), false.into());
    default_config.insert("allowFrom".into(), serde_json::json!([]));
    Description {
        name: name.to_owned(),
        display_name: shortened(answer.channel.display_name),
        version: shortened(answer.plugin.version),
        capabilities: capabilities(&answer.capabilities),
        vouches: answer.capabilities.vouches.is_some(),
        default_config,
        config_schema: answer.config_schema,
    }
}

fn capabilities(capabilities: &wire::PluginCapabilities) -> channel::Capabilities {
    channel::Capabilities {
        streaming: capabilities.streaming.is_some(),
        login: capabilities.login.is_some(),
        deduplicates: capabilities.deduplicates.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_of_a_plugin_starts_disabled_and_open_to_nobody() {
        let answer = serde_json::json!({
            "protocol_version": 1,
            "plugin": {"name": "echo", "version": "2.0"},
            "channel": {"kind": "echo", "display_name": "Echo"},
            "default_config": {"enabled": true, "allowFrom": ["*"], "port": 1},
        });
        let description = description("echo", serde_json::from_value(answer).unwrap());
        let expected = serde_json::json!({"enabled": false, "allowFrom": [], "port": 1});
        assert_eq!(serde_json::Value::Object(description.default_config), expected);
    }

    #[test]
    fn what_a_plugin_says_of_itself_is_bounded_wherever_it_is_shown() {
        let long = "é".repeat(10_000);
        let said = serde_json::json!({
            "state": "connected", "message": long,
            "account": {"id": long, "display_name": long},
        });
        let status = status(serde_json::from_value(said).unwrap());
        let account = status.account.unwrap();
        for text in [status.message, Some(account.id), account.display_name] {
            assert_eq!(text.unwrap().len(), 2 * 1024);
        }
        let said = serde_json::json!({
            "protocol_version": 1, "plugin": {"name": "echo", "version": long},
            "channel": {"kind": "echo", "display_name": long},
        });
        let description = description("echo", serde_json::from_value(said).unwrap());
        let texts = [description.display_name, description.version];
        assert_eq!(texts.map(|text| text.len()), [2 * 1024; 2]);
    }
}
