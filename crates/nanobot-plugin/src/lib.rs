#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod caught;
mod convert;
mod deliveries;
mod factory;
#[cfg(doctest)]
#[doc = include_str!("../../../docs/plugins-rust.md")]
mod guide {}
pub mod http;
mod inbox;
mod lifetime;
mod log;
mod login;
mod receipts;
mod serve;
mod session;
mod stdio;
mod stream;
mod streams;
pub mod testing;

pub use nanobot_channel::*;
pub use schemars::{self, JsonSchema};
pub use serde::{self, Deserialize, Serialize};
pub use serve::serve;
pub use tracing;
