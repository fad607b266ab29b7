//! What the file means: one typed struct for each part of it.
//!
//! The same structs are the source of the JSON Schema, which in turn drives how keys are spelled, checked and
//! reported. A key exists in exactly one place: as a field here.

mod agents;
mod api;
mod channels;
mod config;
mod gateway;
mod mcp;
mod notice;
mod plugins;
mod providers;
mod section;
mod tools;
mod transcription;

pub use agents::{AgentDefaults, Agents, Dream, ProviderRetryMode, WhileBusy};
pub use api::Api;
pub use channels::Channels;
pub use config::Config;
pub use gateway::{Gateway, Heartbeat};
pub use mcp::{McpServer, McpTransport};
pub use notice::{ChatTarget, Notice};
pub use plugins::{PluginSandbox, Plugins};
pub use providers::{Provider, Providers};
pub(crate) use section::CommonKeys;
pub use section::{ChannelSection, OnUnknown};
pub use tools::{Exec, ExecApproval, ExecSandbox, Tools, Web, WebSearch};
pub use transcription::Transcription;
