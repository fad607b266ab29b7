use std::ops::Deref;

use nanobot_channel_telegram::TelegramConfig;
use nanobot_test_support::{ChannelBench, FakeTelegram, FakeTelegramOptions, RunningChannel};

/// A channel's surroundings, with Telegram as the platform.
pub(crate) struct Bench(ChannelBench<FakeTelegram>);

impl Deref for Bench {
    type Target = ChannelBench<FakeTelegram>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(FakeTelegramOptions::default()).await
    }

    pub(crate) async fn with(options: FakeTelegramOptions) -> Self {
        Self(ChannelBench::new(FakeTelegram::start_with(options).await))
    }

    /// Streams without pauses, so that tests need not wait.
    pub(crate) fn config(&self) -> TelegramConfig {
        TelegramConfig {
            token: self.fake.token(),
            api_base: Some(self.fake.api_base()),
            stream_edit_interval: Some(0.0),
            ..TelegramConfig::default()
        }
    }

    /// Starts the channel and waits until it receives.
    pub(crate) async fn start(&self) -> RunningChannel {
        self.start_with(self.config()).await
    }
}
