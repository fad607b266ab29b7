use std::sync::{Arc, PoisonError, RwLock};

use nanobot_channel::{
    Channel, ChannelContext, ChannelError, Delta, ErrorKind, OutboundMessage, Receipt, async_trait,
};

use crate::api::Api;
use crate::config::DiscordConfig;
use crate::receive;
use crate::send::Speaker;

/// The channel `discord`.
#[derive(Debug)]
pub(crate) struct DiscordChannel {
    config: Arc<DiscordConfig>,
    /// The sending side, there while the channel runs: it keeps notes in the channel's folder.
    speaker: RwLock<Option<Arc<Speaker>>>,
}

impl DiscordChannel {
    pub(crate) fn new(config: DiscordConfig) -> Self {
        Self { config: Arc::new(config), speaker: RwLock::default() }
    }

    fn speaker(&self) -> Result<Arc<Speaker>, ChannelError> {
        let speaker = self.speaker.read().unwrap_or_else(PoisonError::into_inner).clone();
        speaker.ok_or_else(|| ChannelError::new(ErrorKind::NotReady, "discord is not running"))
    }

    fn set_speaker(&self, speaker: Option<Arc<Speaker>>) {
        *self.speaker.write().unwrap_or_else(PoisonError::into_inner) = speaker;
    }
}

#[async_trait]
impl Channel for DiscordChannel {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        let config = Arc::clone(&self.config);
        let api = Arc::new(Api::new(&config));
        let speaker = Arc::new(Speaker::open(Arc::clone(&api), &config, &cx.state_dir).await?);
        self.set_speaker(Some(Arc::clone(&speaker)));
        let ended = receive::run(cx, api, config, Arc::clone(&speaker)).await;
        self.set_speaker(None);
        speaker.finish().await;
        ended
    }

    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        self.speaker()?.send(message).await
    }

    async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        self.speaker()?.send_delta(delta).await
    }
}
