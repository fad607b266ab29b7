use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

/// The section `gateway`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Gateway {
    /// Address to listen on.
    pub host: String,
    /// Port to listen on; 0 lets the system choose one.
    pub port: u16,
    /// Regular look at the list of standing tasks.
    pub heartbeat: Heartbeat,
    /// Secret that clients from other machines must send.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub token: Option<SecretString>,
}

impl Default for Gateway {
    fn default() -> Self {
        Gateway {
            // The original's 0.0.0.0 would open the port to the whole network.
            host: "127.0.0.1".to_owned(),
            port: 18_790,
            heartbeat: Heartbeat::default(),
            token: None,
        }
    }
}

/// The section `gateway.heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Heartbeat {
    /// Whether it runs at all.
    pub enabled: bool,
    /// Seconds between two looks.
    #[schemars(range(min = 1))]
    pub interval_s: u32,
    /// Messages of earlier heartbeats that the agent still sees.
    pub keep_recent_messages: u32,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Heartbeat { enabled: true, interval_s: 1800, keep_recent_messages: 8 }
    }
}
