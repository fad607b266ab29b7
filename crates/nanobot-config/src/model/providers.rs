use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::spelling;

/// The section `providers`: model services by name.
///
/// Holds only what was given; the names are those of [`Providers::KNOWN`] and whatever else was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Providers(IndexMap<String, Provider>);

impl Providers {
    /// Canonical names of the services that a configuration may name.
    pub const KNOWN: &'static [&'static str] = &[
        "custom",
        "azureOpenai",
        "anthropic",
        "openai",
        "openrouter",
        "deepseek",
        "groq",
        "zhipu",
        "dashscope",
        "vllm",
        "ollama",
        "ovms",
        "gemini",
        "moonshot",
        "minimax",
        "mistral",
        "stepfun",
        "xiaomiMimo",
        "aihubmix",
        "siliconflow",
        "volcengine",
        "volcengineCodingPlan",
        "byteplus",
        "byteplusCodingPlan",
        "openaiCodex",
        "githubCopilot",
        "qianfan",
    ];

    /// Returns the settings of one service; case, `_` and `-` in the name do not matter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.0.get(name).or_else(|| {
            let wanted = spelling::fold(name);
            self.iter()
                .find(|(known, _)| spelling::fold(known) == wanted)
                .map(|(_, provider)| provider)
        })
    }

    /// Iterates over what was given, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Provider)> {
        self.0.iter().map(|(name, provider)| (name.as_str(), provider))
    }
}

impl FromIterator<(String, Provider)> for Providers {
    fn from_iter<I: IntoIterator<Item = (String, Provider)>>(providers: I) -> Self {
        Providers(providers.into_iter().collect())
    }
}

impl JsonSchema for Providers {
    fn schema_name() -> Cow<'static, str> {
        "Providers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let provider = generator.subschema_for::<Provider>();
        let known: Map<String, Value> = Providers::KNOWN
            .iter()
            .map(|name| ((*name).to_owned(), provider.clone().to_value()))
            .collect();
        json_schema!({
            "type": "object",
            "properties": known,
            "additionalProperties": provider,
        })
    }
}

/// One model service. `Debug` shows the names of headers and added fields only.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Provider {
    /// Key of the service; an empty text means none.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub api_key: Option<SecretString>,
    /// Address of the service, if not its usual one.
    pub api_base: Option<String>,
    /// HTTP headers sent with every request.
    #[serde(deserialize_with = "null_as_default")]
    #[schemars(with = "Option<BTreeMap<String, String>>", extend("writeOnly" = true))]
    pub extra_headers: IndexMap<String, SecretString>,
    /// Fields added to the body of every request.
    #[serde(deserialize_with = "null_as_default")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub extra_body: Map<String, Value>,
    /// Proxy for this service; may hold a password.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub proxy: Option<SecretString>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("has_api_key", &self.api_key.is_some())
            .field("api_base", &self.api_base)
            .field("extra_headers", &self.extra_headers.keys().collect::<Vec<_>>())
            .field("extra_body", &self.extra_body.keys().collect::<Vec<_>>())
            .field("has_proxy", &self.proxy.is_some())
            .finish()
    }
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
