//! The gateway's side of the nanobot plugin link.
//!
//! - [`ProcessChannel`] is a channel whose code lives in a process of its own. The gateway cannot
//!   tell it from one that is linked in.
//! - [`discover`] finds installed plugins without starting any, programs as well as Python packages;
//!   [`describe`] asks one what it is, and [`DescriptionCache`] remembers what it said.
//! - [`install`] and [`remove`] look after the plugins in the data folder.
//! - [`login`] logs in through a process that runs for this alone.
//!
//! A plugin is not trusted. It gets a cleared environment and nothing of the gateway but its own
//! section of the config, and the kernel keeps it from all files but its own and the system's, where
//! it can ([`Sandbox`]); whatever it does or leaves undone, it cannot block a task of the host, fill
//! its memory, or outlive it. When a process ends, so does everything that it started in its process
//! group.

mod bounds;
mod cache;
mod carried;
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
mod install;
mod lanes;
mod live;
mod liveness;
mod login;
mod media;
mod outgoing;
mod plugins_dir;
mod process;
mod python;
mod run;
mod sandbox;
mod services;
mod slot;
mod stderr;
mod stream;
mod streams;
mod tidy;
mod timeouts;
mod wheel;

pub use cache::DescriptionCache;
pub use channel::ProcessChannel;
pub use command::PluginCommand;
pub use describe::describe;
pub use discover::{
    DiscoveredPlugin, Discovery, Places, Shadow, Source, discover, is_channel_name,
};
pub use exit::PluginExited;
pub use install::{
    InstallError, Installed, Previous, Progress, Removable, RemoveError, Request, Spec,
    find_python, install, removable, remove,
};
pub use login::login;
pub use python::PythonPlaces;
pub use sandbox::{Access, Confinement, Sandbox};
pub use tidy::tidy;
pub use timeouts::Timeouts;
