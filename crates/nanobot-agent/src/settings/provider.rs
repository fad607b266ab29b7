//! What is configured about one provider.

use std::collections::BTreeMap;
use std::fmt;

use nanobot_config::Provider;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

/// What is configured about one provider.
#[derive(Clone, Default)]
pub struct ProviderSettings {
    /// Key.
    pub api_key: Option<SecretString>,
    /// Base URL instead of the usual one.
    pub api_base: Option<String>,
    /// Headers to add to each request; they may carry secrets.
    pub extra_headers: BTreeMap<String, SecretString>,
    /// Fields to add to the body of each request, or to put in the place of ours; `null` takes one
    /// away that the provider refuses.
    pub extra_body: Map<String, Value>,
    /// Proxy for this provider; may hold a password.
    pub proxy: Option<SecretString>,
}

impl ProviderSettings {
    /// The key, unless it is missing or blank.
    pub(crate) fn key(&self) -> Option<&SecretString> {
        self.api_key.as_ref().filter(|key| !key.expose_secret().trim().is_empty())
    }

    /// The base URL, unless it is missing or blank.
    pub(crate) fn base(&self) -> Option<&str> {
        self.api_base.as_deref().map(str::trim).filter(|base| !base.is_empty())
    }
}

impl From<&Provider> for ProviderSettings {
    fn from(provider: &Provider) -> Self {
        let headers = provider.extra_headers.iter();
        Self {
            api_key: provider.api_key.clone(),
            api_base: provider.api_base.clone(),
            extra_headers: headers.map(|(name, value)| (name.clone(), value.clone())).collect(),
            extra_body: provider.extra_body.clone(),
            proxy: provider.proxy.clone(),
        }
    }
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderSettings")
            .field("api_key", &self.api_key)
            .field("api_base", &self.api_base)
            .field("extra_headers", &self.extra_headers.keys())
            .field("extra_body", &self.extra_body.keys().collect::<Vec<_>>())
            .field("has_proxy", &self.proxy.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_neither_the_key_nor_header_values() {
        let settings = ProviderSettings {
            api_key: Some("sk-secret".to_owned().into()),
            extra_headers: BTreeMap::from([(
                "x-token".to_owned(),
                "hidden-value".to_owned().into(),
            )]),
            ..ProviderSettings::default()
        };
        let shown = format!("{settings:?}");
        assert!(shown.contains("x-token"), "{shown}");
        assert!(!shown.contains("sk-secret"), "{shown}");
        assert!(!shown.contains("hidden-value"), "{shown}");
    }
}
