use async_trait::async_trait;
use nanobot_channel::{
    Channel, ChannelContext, ChannelError, Delta, LoginContext, OutboundMessage, Receipt,
};
use nanobot_protocol::Metadata;

use crate::login::login;
use crate::run::run;
use crate::slot::Slot;
use crate::{PluginCommand, Timeouts};

/// A channel that lives in a process of its own.
///
/// [`run`](Channel::run) starts the process and returns when it is gone, with all that it started.
/// It may be called again then, for a new process.
pub struct ProcessChannel {
    pub(crate) command: PluginCommand,
    pub(crate) config: Metadata,
    pub(crate) timeouts: Timeouts,
    pub(crate) slot: Slot,
}

impl ProcessChannel {
    /// A channel of the plugin with this section of the config, variables resolved. Does no I/O.
    #[must_use]
    pub fn new(command: PluginCommand, config: Metadata, timeouts: Timeouts) -> Self {
        Self { command, config, timeouts, slot: Slot::default() }
    }
}

#[async_trait]
impl Channel for ProcessChannel {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        run(self, cx).await
    }

    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let live = self.slot.live()?;
        live.send(message).await
    }

    async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let live = self.slot.live()?;
        live.send_delta(delta).await
    }

    async fn login(&self, cx: LoginContext, force: bool) -> Result<bool, ChannelError> {
        login(&self.command, &self.config, cx, force, &self.timeouts).await
    }
}

impl std::fmt::Debug for ProcessChannel {
    /// Leaves the config out: it holds secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessChannel").field("command", &self.command).finish_non_exhaustive()
    }
}
