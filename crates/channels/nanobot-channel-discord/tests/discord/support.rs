use std::ops::Deref;

use nanobot_channel_discord::DiscordConfig;
use nanobot_test_support::{ChannelBench, FakeDiscord, FakeDiscordOptions, RunningChannel};

/// A private chat.
pub(crate) const CHAT: u64 = 42;

/// A channel's surroundings, with Discord as the platform.
pub(crate) struct Bench(ChannelBench<FakeDiscord>);

impl Deref for Bench {
    type Target = ChannelBench<FakeDiscord>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(FakeDiscordOptions::default()).await
    }

    pub(crate) async fn with(options: FakeDiscordOptions) -> Self {
        Self(ChannelBench::new(FakeDiscord::start_with(options).await))
    }

    /// A bench with a private chat and a channel that runs.
    pub(crate) async fn with_chat(options: FakeDiscordOptions) -> (Self, RunningChannel) {
        let bench = Self::with(options).await;
        bench.fake.add_private_chat(CHAT);
        let running = bench.start().await;
        (bench, running)
    }

    /// Streams without pauses, so that tests need not wait.
    pub(crate) fn config(&self) -> DiscordConfig {
        DiscordConfig {
            token: self.fake.token(),
            api_base: Some(self.fake.api_base()),
            stream_edit_interval: 0.0,
            ..DiscordConfig::default()
        }
    }

    /// Starts the channel and waits until it receives.
    pub(crate) async fn start(&self) -> RunningChannel {
        self.start_with(self.config()).await
    }

    /// Waits until the places in channels are kept as wanted.
    pub(crate) async fn wait_for_cursors(&self, is_so: impl Fn(&str) -> bool) {
        self.wait_for_state_file("cursors.json", is_so).await;
    }
}
