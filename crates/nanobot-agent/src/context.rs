//! What a model is told beside the conversation: who it is, and where and when it speaks.

mod bootstrap;
mod moment;
mod skills;

use std::path::PathBuf;
use std::sync::Arc;

use crate::turn::Turn;

use bootstrap::BootstrapFiles;
use moment::Moment;
pub(crate) use skills::bundled_skill;

/// Builds the surroundings of a turn.
pub(crate) struct Context {
    bootstrap: Arc<BootstrapFiles>,
    moment: Moment,
}

impl Context {
    pub(crate) fn new(workspace: PathBuf, timezone: &str) -> Self {
        Self { bootstrap: Arc::new(BootstrapFiles::new(workspace)), moment: Moment::new(timezone) }
    }

    /// Instructions to the model; the same text as long as no file of the workspace changes.
    pub(crate) async fn system_prompt(&self) -> Arc<str> {
        let bootstrap = Arc::clone(&self.bootstrap);
        // Off the runtime's threads: the workspace may lie on a slow disk.
        let read = tokio::task::spawn_blocking(move || bootstrap.system_prompt());
        read.await.unwrap_or_else(|error| {
            tracing::error!(%error, "Reading the workspace files failed.");
            Arc::from("")
        })
    }

    /// Facts about this moment, ending with a blank line.
    pub(crate) fn moment(&self, turn: &Turn) -> String {
        self.moment.describe(turn)
    }
}
