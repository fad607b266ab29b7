use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

/// The section `api`: the OpenAI-compatible server, `nanobot serve`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Api {
    /// Address to listen on.
    pub host: String,
    /// Port to listen on; 0 lets the system choose one.
    pub port: u16,
    /// Seconds that one answer may take.
    #[schemars(range(min = 0.0))]
    pub timeout: f64,
    /// Key that clients must send; without one only this machine is served.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub api_key: Option<SecretString>,
}

impl Default for Api {
    fn default() -> Self {
        Api { host: "127.0.0.1".to_owned(), port: 8900, timeout: 120.0, api_key: None }
    }
}
