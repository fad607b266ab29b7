use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorObject, Metadata};

/// Starts the channel. Answered when the config was accepted; how the connection to the platform
/// gets on is told by `channel/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelStart {
    /// The channel's section of the config, variables resolved, keys as they were typed.
    pub config: Metadata,
    /// Private folder, kept across restarts; also the working directory.
    pub state_dir: String,
    /// Folder for received files.
    pub media_dir: String,
}

/// How the connection to the platform is. Sent at each change, and again when an event or a success
/// is news to the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelStatus {
    /// The state itself.
    pub state: ChannelState,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the plugin will try again, in milliseconds, in state `retrying`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// Who the agent is on the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// When the platform last sent anything, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_ms: Option<u64>,
    /// When a call to the platform last succeeded, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_ms: Option<u64>,
    /// Why, in states `login_required` and `failed`. The process exits after `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
}

/// Connection state of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// Receives messages.
    Connected,
    /// Lost the platform and tries again by itself.
    Retrying,
    /// Needs a login or another token.
    LoginRequired,
    /// Has given up.
    Failed,
    /// Not there yet; a reader treats states it does not know as this one.
    #[serde(other)]
    Connecting,
}

/// Who the agent is on the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// The platform's stable id.
    pub id: String,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// Asks whether a sender is on the allow-list, before an expensive download. Needs the host's
/// capability `sender_check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SenderCheck {
    /// Who would be writing.
    pub sender: crate::Sender,
}

/// Answer to [`SenderCheck`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SenderCheckAnswer {
    /// True if a message of this sender would be accepted.
    pub allowed: bool,
}

/// Asks for a sign of life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ping {}

/// Answer to [`Ping`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PingAnswer {
    /// `message/received` requests without an answer.
    #[serde(default)]
    pub inbound_in_flight: u32,
    /// Deliveries and streams under way.
    #[serde(default)]
    pub deliveries_in_flight: u32,
}

/// Asks the plugin to stop receiving and to finish what it delivers. Answered when that is done; the
/// host then closes the plugin's stdin, and the plugin exits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shutdown {
    /// Time until the process gets SIGTERM, in milliseconds.
    pub grace_ms: u64,
    /// Why.
    pub reason: ShutdownReason,
}

/// Why a plugin is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShutdownReason {
    /// Another process takes over.
    Restart,
    /// Another process takes over with another config.
    ConfigChanged,
    /// The host stops; a reader treats reasons it does not know as this one.
    #[serde(other)]
    Stop,
}

/// Takes a request back. The request is answered all the same, with error kind `cancelled` if it
/// was not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancel {
    /// Id of the request.
    pub id: u64,
}
