//! What the gateway needs to know of a channel to run it.

use std::path::PathBuf;
use std::sync::Arc;

use nanobot_channel::{Channel, ChannelError};

/// Makes a channel, again for each start.
pub type BuildChannel = dyn Fn() -> Result<Arc<dyn Channel>, ChannelError> + Send + Sync;

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
    /// Private folder of the channel.
    pub state_dir: PathBuf,
    /// Folder for files that the channel received.
    pub media_dir: PathBuf,
    /// Makes the channel.
    pub build: Arc<BuildChannel>,
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

impl std::fmt::Debug for ChannelSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelSpec").field("name", &self.name).finish_non_exhaustive()
    }
}
