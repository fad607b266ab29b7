use std::sync::Arc;

use nanobot_channel::{
    Channel, ChannelContext, ChannelError, Delta, OutboundMessage, Receipt, async_trait,
};

use crate::WebHub;

/// The channel `web`: joins a [`WebHub`] to the gateway while it runs.
#[derive(Debug)]
pub struct WebChannel {
    hub: Arc<WebHub>,
}

impl WebChannel {
    /// A channel for the pages of this hub.
    #[must_use]
    pub fn new(hub: Arc<WebHub>) -> Self {
        Self { hub }
    }
}

#[async_trait]
impl Channel for WebChannel {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        let attached = self.hub.attach(cx.clone());
        cx.connected();
        cx.shutdown.cancelled().await;
        drop(attached);
        // What the gateway has taken belongs into the transcript before this channel is gone.
        self.hub.handovers.close();
        self.hub.handovers.wait().await;
        if !self.hub.is_closing() {
            self.hub.handovers.reopen();
        }
        Ok(())
    }

    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        self.hub.deliver(message).await
    }

    async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        self.hub.stream(delta).await
    }
}
