//! The control port and the control socket.
//!
//! The port (TCP) answers `/health` (the process lives), `/health/ready` (messages are taken and all
//! channels are connected) and `/metrics`, and carries the pages of channels; nothing on it changes
//! state.
//! The socket belongs to the user who runs the gateway and answers the command line, which reads its
//! key from the file beside it.

mod key;
mod ledger;
mod port;
mod reload;
mod socket;

pub use key::{KEY_HEADER, key_file};
pub use ledger::{
    DELIVERIES_PATH, Deliver, Problem, Retried, SESSIONS_PATH, TRACE_PATH, TurnElsewhere,
    UNANSWERED_PATH, USAGE_PATH, ledger_routes,
};
pub(crate) use port::{bind, routes, serve};
pub use reload::RELOAD_PATH;
pub(crate) use reload::reload_routes;
pub(crate) use socket::ControlSocket;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gateway::reload::Reloaded;
use crate::status::ChannelReport;

/// Path of the status on the control socket.
pub const STATUS_PATH: &str = "/v1/status";

/// Path on the control socket that starts a channel again, by a POST with the channel's name in it.
/// Answers 202, or 404 if there is no such channel.
pub const RESTART_PATH: &str = "/v1/channels/{name}/restart";

/// How a running gateway is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayReport {
    /// Version of the program.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// When it started, in milliseconds since 1970.
    pub started_ms: u64,
    /// Address of the control port.
    pub address: String,
    /// Name of the model that answers.
    pub model: String,
    /// The enabled channels, by name.
    pub channels: BTreeMap<String, ChannelReport>,
    /// How the last reload of the config went.
    #[serde(default)]
    pub reload: Reloaded,
}
