use nanobot_test_support::{
    DiscordMessage, FakeDiscord, FakeDiscordOptions, FakeModel, TestGateway,
};
use serde_json::{Value, json};

use crate::both_places::{self, BINARY, Place};

/// The private chat of the one who may write.
pub(crate) const CHAT: u64 = 42;

/// A platform, a model, and what connects them.
pub(crate) struct World {
    pub(crate) model: FakeModel,
    pub(crate) discord: FakeDiscord,
    pub(crate) gateway: TestGateway,
}

impl World {
    /// A world in which the bot is there already, so that it hears what is written.
    pub(crate) async fn start(place: Place) -> Self {
        Self::with_section(place, json!({})).await
    }

    /// The same, and the channel's section says this too.
    pub(crate) async fn with_section(place: Place, section: Value) -> Self {
        let world = Self::launch(place, FakeDiscordOptions::default(), section).await;
        world.discord.wait_until("the bot is there", FakeDiscord::is_connected).await;
        world
    }

    /// A world in which the bot may never get there.
    pub(crate) async fn launch(place: Place, options: FakeDiscordOptions, section: Value) -> Self {
        let (model, discord) = (FakeModel::start().await, FakeDiscord::start_with(options).await);
        let usual = json!({
            "enabled": true, "token": discord.token(), "apiBase": discord.api_base(),
            "streamEditInterval": 0, "allowFrom": ["7"],
        });
        let section = both_places::changed(usual, &section);
        let config = both_places::config(place, "discord", &model, &section);
        let gateway = TestGateway::builder(BINARY).config(config).start().await;
        Self { model, discord, gateway }
    }

    /// Ends the gateway as it is told to, lets something happen, and starts it again.
    pub(crate) async fn restart(mut self, meanwhile: impl FnOnce(&FakeDiscord)) -> Self {
        assert!(self.gateway.stop().await.success(), "{}", self.gateway.stderr());
        meanwhile(&self.discord);
        Self { gateway: self.gateway.restarted().await, ..self }
    }

    /// Waits until a chat shows a text, and returns the message.
    pub(crate) async fn shown(&self, chat: u64, text: &str) -> DiscordMessage {
        let find = |it: &FakeDiscord| it.shown(chat).into_iter().find(|it| it.content == text);
        self.discord.wait_until(&format!("{text:?} is shown"), |it| find(it).is_some()).await;
        find(&self.discord).expect("it was there a moment ago")
    }

    /// The channel's line in the table of `channels status`, as soon as it is as wanted.
    pub(crate) async fn status(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        both_places::status(&self.gateway, "discord", is_wanted).await
    }
}
