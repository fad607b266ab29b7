//! The configuration file of nanobot: typed, with both key spellings, variables and safe writes.
//!
//! There are two views of one file. [`ConfigFile`] is *what was typed*: the text with its comments, order and
//! unknown keys, which edits leave alone. [`Config`] is *what it means*: typed values with defaults, environment
//! variables and `${VAR}` applied. [`ConfigFile::resolve`] leads from the first to the second; nothing leads
//! back, so a default or a resolved secret can never end up in the file.
//!
//! ```
//! use std::path::Path;
//! use nanobot_config::{ConfigFile, Environment};
//!
//! # fn main() -> Result<(), nanobot_config::ConfigError> {
//! let text = r#"{
//!   // Both spellings of a key are one key.
//!   "channels": { "webhook": { "enabled": true, "allow_from": ["ada"], "port": 9000 } },
//! }"#;
//! let file = ConfigFile::parse(Path::new("config.json"), text.to_owned())?;
//! let config = file.resolve(&Environment::default())?;
//! let webhook = &config.channels.sections["webhook"];
//! assert!(webhook.is_enabled());
//! assert_eq!(webhook.allow_from.as_deref(), Some(&["ada".to_owned()][..]));
//! assert_eq!(webhook.raw["port"], 9000);
//! # Ok(())
//! # }
//! ```
//!
//! *Invariant:* a file that could not be read or understood is never written. There is no way to get a
//! [`ConfigFile`] from it, and [`ConfigFile::save`] refuses when the file is not the one that was loaded.

mod paths;

mod environment;
mod error;
mod warning;

mod file;
mod model;
mod resolve;
mod schema;

mod key_path;
mod spelling;

pub use environment::Environment;
pub use error::{ConfigError, ConfigErrorKind, Position};
pub use file::ConfigFile;
pub use model::{
    AgentDefaults, Agents, Api, ChannelSection, Channels, ChatTarget, Config, Dream, Exec,
    ExecApproval, ExecSandbox, Gateway, Heartbeat, McpServer, McpTransport, Notice, OnUnknown,
    PluginSandbox, Plugins, Provider, ProviderRetryMode, Providers, Tools, Transcription, Web,
    WebSearch, WhileBusy,
};
pub use paths::Paths;
pub use schema::schema;
pub use secrecy::{ExposeSecret, SecretString};
pub use warning::{ConfigWarning, WarningKind};
