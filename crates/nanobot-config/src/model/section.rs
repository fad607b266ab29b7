use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// One channel's section: the raw object for the channel, and what the gateway itself reads of it.
///
/// `Debug` shows the names of the keys only, because the values hold the channel's secrets.
#[derive(Clone, Default, PartialEq)]
pub struct ChannelSection {
    /// The object as typed, keys untouched, with `${VAR}` in its texts resolved.
    pub raw: Map<String, Value>,
    /// Whether the channel is to run; not given means no.
    pub enabled: Option<bool>,
    /// Who may talk to the channel; `*` is everybody, an empty list nobody.
    pub allow_from: Option<Vec<String>>,
    /// Whether answers appear while they are written.
    pub streaming: Option<bool>,
    /// Overrides `channels.sendProgress` for this channel.
    pub send_progress: Option<bool>,
    /// Overrides `channels.sendToolHints` for this channel.
    pub send_tool_hints: Option<bool>,
    /// What to do with a delivery that may have arrived or not.
    pub on_unknown: Option<OnUnknown>,
    /// Whether people may write whom the plugin lets in by a rule of its own, beyond `allow_from`.
    pub trust_plugin: Option<bool>,
    /// Other channels that the plugin may send messages through; `*` is all.
    pub publish_to: Option<Vec<String>>,
    /// Most calls for deliveries under way at once.
    pub max_concurrent_deliveries: Option<u16>,
}

/// What to do with a delivery that may have arrived or not, on a channel that cannot tell a repeated
/// one: after a crash in the middle of it, or when no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// Deliver it again, marked as a possible duplicate.
    Resend,
    /// Put it aside until a person decides.
    Hold,
}

impl ChannelSection {
    /// Tells whether the channel is to run.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled == Some(true)
    }

    pub(crate) fn new(raw: Map<String, Value>, common: CommonKeys) -> ChannelSection {
        ChannelSection {
            raw,
            enabled: common.enabled,
            allow_from: common.allow_from,
            streaming: common.streaming,
            send_progress: common.send_progress,
            send_tool_hints: common.send_tool_hints,
            on_unknown: common.on_unknown,
            trust_plugin: common.trust_plugin,
            publish_to: common.publish_to,
            max_concurrent_deliveries: common.max_concurrent_deliveries,
        }
    }
}

impl fmt::Debug for ChannelSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelSection")
            .field("raw", &self.raw.keys().collect::<Vec<_>>())
            .field("enabled", &self.enabled)
            .field("allow_from", &self.allow_from)
            .field("streaming", &self.streaming)
            .field("send_progress", &self.send_progress)
            .field("send_tool_hints", &self.send_tool_hints)
            .field("on_unknown", &self.on_unknown)
            .field("trust_plugin", &self.trust_plugin)
            .field("publish_to", &self.publish_to)
            .field("max_concurrent_deliveries", &self.max_concurrent_deliveries)
            .finish()
    }
}

/// One channel's section. Besides these keys it holds the channel's own, which only the channel knows.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("additionalProperties" = true))]
pub(crate) struct CommonKeys {
    /// Whether the channel is to run; not given means no.
    pub(crate) enabled: Option<bool>,
    /// Who may talk to the channel; `*` is everybody, an empty list nobody.
    #[serde(deserialize_with = "texts_or_integers")]
    #[schemars(schema_with = "list_of_texts_or_integers")]
    pub(crate) allow_from: Option<Vec<String>>,
    /// Whether answers appear while they are written.
    pub(crate) streaming: Option<bool>,
    /// Overrides `channels.sendProgress` for this channel.
    pub(crate) send_progress: Option<bool>,
    /// Overrides `channels.sendToolHints` for this channel.
    pub(crate) send_tool_hints: Option<bool>,
    /// What to do with a delivery that may have arrived or not: `resend`, which is usual, or `hold`.
    pub(crate) on_unknown: Option<OnUnknown>,
    /// Whether people may write whom the plugin lets in by a rule of its own, beyond `allowFrom`.
    /// If missing: yes for Python packages that have such a rule, no for all others.
    pub(crate) trust_plugin: Option<bool>,
    /// Other channels that the plugin may send messages through; `*` is all. If missing: all for
    /// Python packages, none for all others.
    pub(crate) publish_to: Option<Vec<String>>,
    /// Most deliveries, and steps of streams, that the channel is given at once; chats take turns. If it
    /// is not given, 64 for a channel that recognises repeated deliveries and 32 for all others.
    #[schemars(range(min = 1))]
    pub(crate) max_concurrent_deliveries: Option<u16>,
}

/// Platforms with numeric user ids invite people to leave the quotes out.
#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrInteger {
    Text(String),
    Integer(serde_json::Number),
}

fn texts_or_integers<'de, D>(deserializer: D) -> Result<Option<Vec<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    let list = Option::<Vec<TextOrInteger>>::deserialize(deserializer)?;
    let as_text = |item| match item {
        TextOrInteger::Text(text) => text,
        TextOrInteger::Integer(number) => number.to_string(),
    };
    Ok(list.map(|list| list.into_iter().map(as_text).collect()))
}

fn list_of_texts_or_integers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["array", "null"],
        "items": { "type": ["string", "integer"] },
    })
}
