use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Metadata;

/// First request of a host. Nothing is configured or connected yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Initialize {
    /// Major versions that the host speaks, newest first; the plugin picks one.
    pub protocol_versions: Vec<u32>,
    /// The program that asks.
    pub host: Product,
    /// What the host can do beyond the required.
    #[serde(default)]
    pub capabilities: HostCapabilities,
    /// Name of the section in the config that this process serves.
    pub instance: String,
    /// Least important level that the host wants on stderr: `error`, `warn`, `info`, `debug`, `trace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
}

/// What a plugin says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InitializeAnswer {
    /// One of the host's versions.
    pub protocol_version: u32,
    /// The plugin's program.
    pub plugin: Product,
    /// The channel it provides.
    pub channel: ChannelInfo,
    /// What the plugin can do beyond the required.
    #[serde(default)]
    pub capabilities: PluginCapabilities,
    /// JSON Schema of the channel's section in the config.
    #[serde(default)]
    pub config_schema: Value,
    /// The section to start from; disabled.
    #[serde(default)]
    pub default_config: Metadata,
    /// Bounds that the plugin keeps.
    #[serde(default)]
    pub limits: Limits,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Product {
    pub name: String,
    pub version: String,
}

/// A kind of channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelInfo {
    /// Key in the config, e.g. `webhook`.
    pub kind: String,
    /// Name for people, e.g. `Webhook`.
    pub display_name: String,
}

/// Optional features of a host. A missing key means no; unknown keys are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostCapabilities {
    /// Answers `sender/check`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_check: Option<Empty>,
    /// Answers `audio/transcribe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcription: Option<Empty>,
    /// Answers `message/publish`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<Empty>,
}

/// Optional features of a plugin. A missing key means no; unknown keys are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PluginCapabilities {
    /// Takes the `stream/…` methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streaming: Option<StreamingCapability>,
    /// Takes `channel/login`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Empty>,
    /// Recognises a repeated `delivery_id`, also after a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deduplicates: Option<Empty>,
    /// Decides by a rule of its own who may write, and says so by `vouched`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouches: Option<Empty>,
}

/// How a plugin takes streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamingCapability {
    /// Deltas of one stream that may be without `stream/ack` at a time; 1 if missing.
    #[serde(default = "one")]
    pub window: u32,
}

fn one() -> u32 {
    1
}

/// Bounds that a plugin keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Limits {
    /// `message/received` requests without an answer at a time.
    pub max_inbound_in_flight: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_inbound_in_flight: 64 }
    }
}

/// An object without known members; members may be added later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Empty {}
