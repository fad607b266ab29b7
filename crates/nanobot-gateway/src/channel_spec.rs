//! What the gateway needs to know of a channel to run it.

use std::path::PathBuf;
use std::sync::Arc;

use nanobot_channel::{Channel, ChannelError};

use crate::rights::Rights;

/// Makes a channel, again for each start.
pub type BuildChannel = dyn Fn() -> Result<Arc<dyn Channel>, ChannelError> + Send + Sync;

/// Puts the version back that a channel's program had before its last upgrade. May block.
pub type Revert = dyn Fn() -> std::io::Result<()> + Send + Sync;

/// Calls at once of a channel that recognises a repeated delivery.
const CALLS_AT_ONCE: usize = 64;
/// The same for one that does not. Each call under way when it crashes may become a double message.
const CAUTIOUS_CALLS_AT_ONCE: usize = 32;

/// A configured channel, built-in or plugin alike.
#[derive(Clone)]
pub struct ChannelSpec {
    /// Name of the section in the config.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// Whether it runs in a process of its own; for people, the gateway treats all alike.
    pub has_process: bool,
    /// Who may write; empty for nobody, `"*"` for everybody.
    pub allow_from: Vec<String>,
    /// Whether answers are streamed: the config asks for it and the channel can.
    pub streams: bool,
    /// Whether the channel gets what the agent says while it works.
    pub send_progress: bool,
    /// Whether the channel gets a short line about each use of tools.
    pub send_tool_hints: bool,
    /// Whether the channel recognises a repeated delivery id, also after a restart.
    pub deduplicates: bool,
    /// What to do with a delivery that may have arrived or not.
    pub on_unknown: OnUnknown,
    /// What it may do beyond receiving and delivering.
    pub rights: Rights,
    /// Most calls for deliveries under way at once; decided by what the channel can if not given.
    pub max_concurrent_deliveries: Option<usize>,
    /// What the channel is made of.
    pub revision: Revision,
    /// Private folder of the channel.
    pub state_dir: PathBuf,
    /// Folder for files that the channel received.
    pub media_dir: PathBuf,
    /// Makes the channel.
    pub build: Arc<BuildChannel>,
    /// Undoes the last upgrade of its program, if that can be undone.
    pub revert: Option<Arc<Revert>>,
}

/// What a channel is made of. While the gateway runs, a change means that it has to start again;
/// changes in all the rest of a [`ChannelSpec`] apply at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Revision {
    /// Fingerprint of what the channel sees of its section.
    pub section: u64,
    /// Fingerprint of the program that provides it; 0 for one that is part of this program.
    pub program: u64,
}

/// What to do with a delivery whose outcome is not known, on a channel that cannot tell a repeated
/// one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnUnknown {
    /// Deliver it again, marked as a possible duplicate in its metadata.
    #[default]
    Resend,
    /// Put it aside until a person decides.
    Hold,
}

impl ChannelSpec {
    /// Most calls for deliveries under way at once, at least one.
    pub(crate) fn max_concurrent(&self) -> usize {
        let default = if self.deduplicates { CALLS_AT_ONCE } else { CAUTIOUS_CALLS_AT_ONCE };
        self.max_concurrent_deliveries.unwrap_or(default).max(1)
    }

    /// Whether both are used by the same rules.
    pub(crate) fn has_rules_of(&self, other: &Self) -> bool {
        let rules = |spec: &Self| {
            (spec.send_progress, spec.send_tool_hints, spec.on_unknown, spec.max_concurrent())
        };
        self.allow_from == other.allow_from && rules(self) == rules(other)
    }

    /// The same channel, used by the rules of another spec of it.
    pub(crate) fn with_rules_of(&self, other: &Self) -> Self {
        Self {
            allow_from: other.allow_from.clone(),
            send_progress: other.send_progress,
            send_tool_hints: other.send_tool_hints,
            on_unknown: other.on_unknown,
            max_concurrent_deliveries: other.max_concurrent_deliveries,
            ..self.clone()
        }
    }
}

impl std::fmt::Debug for ChannelSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelSpec").field("name", &self.name).finish_non_exhaustive()
    }
}
