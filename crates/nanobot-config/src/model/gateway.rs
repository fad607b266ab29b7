use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::notice::{notice, notice_schema, targets, targets_schema};
use super::{ChatTarget, Notice};

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
    /// Chats where the owner is told of a channel that does not work, best first: `"channel:chat"`, or an
    /// object with `channel`, `chatId` and perhaps `threadId`; one or a list.
    #[serde(deserialize_with = "targets")]
    #[schemars(schema_with = "targets_schema")]
    pub owner_notify: Vec<ChatTarget>,
    /// Seconds that a channel may be away before the owner is told; one that has failed for good is told of
    /// at once.
    #[schemars(range(min = 1))]
    pub owner_notify_after_s: u32,
    /// Said when the gateway has started: `true`, a text, or an object with `text` and `to`; without `to` it
    /// goes where the owner is told.
    #[serde(deserialize_with = "notice")]
    #[schemars(schema_with = "notice_schema")]
    pub on_start: Option<Notice>,
    /// Said before the gateway stops, in the same form as `onStart`.
    #[serde(deserialize_with = "notice")]
    #[schemars(schema_with = "notice_schema")]
    pub on_stop: Option<Notice>,
    /// Whether `/restart`, from anybody who may write, restarts the gateway.
    pub restart_command: bool,
}

impl Default for Gateway {
    fn default() -> Self {
        Gateway {
            // The original's 0.0.0.0 would open the port to the whole network.
            host: "127.0.0.1".to_owned(),
            port: 18_790,
            heartbeat: Heartbeat::default(),
            token: None,
            owner_notify: Vec::new(),
            owner_notify_after_s: 300,
            on_start: None,
            on_stop: None,
            restart_command: true,
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
