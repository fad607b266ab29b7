//! What is measured: each prepared in a home of its own, with the same config where it has one.

mod home;
mod running;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

pub(crate) use home::{Callback, Home, Setup};
pub(crate) use running::Running;

/// A file system in memory, where nothing has to be flushed.
pub(crate) const MEMORY_DISK: &str = "/dev/shm";

/// A program in a certain setting.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    /// The bare forwarder of this program
    Forwarder,
    /// The gateway with the Rust webhook plugin
    Ours,
    /// The same with everything it writes in memory, where a flush costs nothing
    OursUnflushed,
    /// The gateway with the Python package that the original gets, too
    OursPython,
    /// The last version of the original that loads channel packages
    Original,
}

impl Subject {
    /// In the order of the columns.
    pub(crate) const ALL: [Self; 5] =
        [Self::Forwarder, Self::Ours, Self::OursUnflushed, Self::OursPython, Self::Original];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Forwarder => "bare forwarder",
            Self::Ours => "nanobot",
            Self::OursUnflushed => "nanobot, disk in memory",
            Self::OursPython => "nanobot, Python plugin",
            Self::Original => "original",
        }
    }

    /// Whether thousands of messages would take it minutes.
    pub(crate) fn is_slow(self) -> bool {
        self == Self::Original
    }
}
