//! The gateway's side of the nanobot plugin link.
//!
//! - [`ProcessChannel`] is a channel whose code lives in a process of its own. The gateway cannot
//!   tell it from one that is linked in.
//! - [`discover`] finds installed plugins without starting any, [`describe`] asks one what it is,
//!   and [`DescriptionCache`] remembers what it said.
//! - [`login`] logs in through a process that runs for this alone.
//!
//! A plugin is not trusted. It gets a cleared environment and nothing of the gateway but its own
//! section of the config; whatever it does or leaves undone, it cannot block a task of the host, fill
//! its memory, or outlive it. When a process ends, so does everything that it started in its process
//! group.

mod bounds;
mod cache;
mod channel;
mod command;
mod connection;
mod convert;
mod describe;
mod discover;
mod environment;
mod exit;
mod folders;
mod handshake;
mod heard;
mod inbound;
mod lanes;
mod live;
mod liveness;
mod login;
mod media;
mod process;
mod run;
mod slot;
mod stderr;
mod stream;
mod streams;
mod timeouts;

pub use cache::DescriptionCache;
pub use channel::ProcessChannel;
pub use command::PluginCommand;
pub use describe::describe;
pub use discover::{DiscoveredPlugin, Shadow, Source, discover};
pub use exit::PluginExited;
pub use login::login;
pub use timeouts::Timeouts;
