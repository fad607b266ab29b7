use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Capabilities, Channel, ChannelError};

/// The config of a channel, which is also its factory.
///
/// The fields are the keys of the channel's section, in camelCase. Give the struct
/// `#[serde(rename_all = "camelCase", default)]`, so that a person may leave any of them out. The
/// keys `enabled`, `allowFrom` and `streaming` belong to the gateway and need no field; a field
/// `streaming` decides the default of that key.
pub trait ChannelConfig: Default + Serialize + DeserializeOwned + JsonSchema + Send {
    /// The channel's key in the config, lower case: `"webhook"`.
    const NAME: &'static str;
    /// The channel's name for people: `"Webhook"`.
    const DISPLAY_NAME: &'static str;
    /// Optional features that the channel has.
    const CAPABILITIES: Capabilities =
        Capabilities { streaming: false, login: false, deduplicates: false };

    /// Makes the channel. Does no I/O: that is for [`Channel::run`].
    ///
    /// # Errors
    ///
    /// Kind `Invalid` for a config that cannot work, with a hint.
    fn build(self) -> Result<Arc<dyn Channel>, ChannelError>;
}

/// What a channel says about itself without running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The channel's key in the config.
    pub name: String,
    /// The channel's name for people.
    pub display_name: String,
    /// Version of the program that provides it.
    pub version: String,
    /// Optional features.
    pub capabilities: Capabilities,
    /// Whether it decides by a rule of its own who may write, beyond the allow-list. Only channels
    /// that were written for another program do; it counts where the config lets it.
    #[serde(default)]
    pub vouches: bool,
    /// The section that `nanobot onboard` writes; disabled, and open to nobody.
    pub default_config: Map<String, Value>,
    /// JSON Schema of the section.
    pub config_schema: Value,
}

/// Describes a channel by its config; `version` is the version of the program that provides it.
#[must_use]
pub fn describe<C: ChannelConfig>(version: &str) -> Description {
    Description {
        name: C::NAME.to_owned(),
        display_name: C::DISPLAY_NAME.to_owned(),
        version: version.to_owned(),
        capabilities: C::CAPABILITIES,
        vouches: false,
        default_config: default_config::<C>(),
        config_schema: schemars::schema_for!(C).to_value(),
    }
}

fn default_config<C: ChannelConfig>() -> Map<String, Value> {
    let mut section = Map::new();
    section.insert("enabled".into(), Value::Bool(false));
    if let Ok(Value::Object(fields)) = serde_json::to_value(C::default()) {
        section.extend(fields);
    }
    section.entry("allowFrom").or_insert_with(|| Value::Array(Vec::new()));
    section
}

/// Reads a section of the config; `snake_case` spellings of its keys count as camelCase.
///
/// # Errors
///
/// Kind `Invalid`, naming the key.
pub fn parse_config<C: ChannelConfig>(section: Map<String, Value>) -> Result<C, ChannelError> {
    let section = Value::Object(camel_case_keys(section));
    serde_path_to_error::deserialize(section).map_err(|error| {
        let path = error.path().to_string();
        let action = if path == "." {
            format!("channels.{} is not valid", C::NAME)
        } else {
            format!("channels.{}.{path} is not valid", C::NAME)
        };
        ChannelError::invalid(action).with_source(error.into_inner())
    })
}

/// Renames the keys of a section to camelCase. Where both spellings are given, camelCase wins.
fn camel_case_keys(section: Map<String, Value>) -> Map<String, Value> {
    let mut renamed = Map::with_capacity(section.len());
    for (key, value) in section {
        let camel = camel_case(&key);
        if camel == key {
            renamed.insert(key, value);
        } else {
            renamed.entry(camel).or_insert(value);
        }
    }
    renamed
}

fn camel_case(key: &str) -> String {
    let mut camel = String::with_capacity(key.len());
    let mut upper = false;
    for letter in key.chars() {
        match letter {
            '_' if !camel.is_empty() => upper = true,
            _ if upper => {
                camel.extend(letter.to_uppercase());
                upper = false;
            }
            _ => camel.push(letter),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChannelContext, OutboundMessage, Receipt, async_trait};

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", default)]
    struct EchoConfig {
        port: u16,
        callback_url: Option<String>,
    }

    impl Default for EchoConfig {
        fn default() -> Self {
            Self { port: 9000, callback_url: None }
        }
    }

    struct Echo;

    #[async_trait]
    impl Channel for Echo {
        async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
            cx.shutdown.cancelled().await;
            Ok(())
        }

        async fn send(&self, _: OutboundMessage) -> Result<Receipt, ChannelError> {
            Ok(Receipt::default())
        }
    }

    impl ChannelConfig for EchoConfig {
        const NAME: &'static str = "echo";
        const DISPLAY_NAME: &'static str = "Echo";

        fn build(self) -> Result<Arc<dyn Channel>, ChannelError> {
            Ok(Arc::new(Echo))
        }
    }

    fn section(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("a section is an object") };
        map
    }

    #[test]
    fn default_config_is_disabled_and_open_to_nobody() {
        let expected = serde_json::json!({
            "enabled": false, "port": 9000, "callbackUrl": null, "allowFrom": []
        });
        assert_eq!(Value::Object(describe::<EchoConfig>("1.0.0").default_config), expected);
    }

    #[test]
    fn both_spellings_of_a_key_are_one_key() {
        let expected = EchoConfig { port: 1, callback_url: Some("http://a".into()) };
        for key in ["callback_url", "callbackUrl"] {
            let given = section(serde_json::json!({"port": 1, key: "http://a"}));
            assert_eq!(parse_config::<EchoConfig>(given).unwrap(), expected);
        }
    }

    #[test]
    fn wrong_value_is_reported_with_its_key() {
        let given = section(serde_json::json!({"port": "high"}));
        let error = parse_config::<EchoConfig>(given).unwrap_err();
        assert!(error.report().starts_with("channels.echo.port is not valid: invalid type"));
    }
}
