use nanobot_test_support::{FakeModel, FakeTelegram, ShownMessage, TestGateway};
use serde_json::{Value, json};

use crate::both_places::{self, BINARY, Place};

/// The one who may write.
pub(crate) const PERSON: i64 = 7;

/// A platform, a model, and what connects them.
pub(crate) struct World {
    pub(crate) model: FakeModel,
    pub(crate) telegram: FakeTelegram,
    pub(crate) gateway: TestGateway,
}

impl World {
    pub(crate) async fn start(place: Place) -> Self {
        Self::with_section(place, json!({})).await
    }

    /// A world in which the channel's section says this too.
    pub(crate) async fn with_section(place: Place, section: Value) -> Self {
        Self::with_config(place, |config| {
            let usual = &mut config["channels"]["telegram"];
            *usual = both_places::changed(usual.take(), &section);
        })
        .await
    }

    /// A world with further changes of its config.
    pub(crate) async fn with_config(place: Place, change: impl FnOnce(&mut Value)) -> Self {
        let (model, telegram) = (FakeModel::start().await, FakeTelegram::start().await);
        let section = json!({
            "enabled": true, "token": telegram.token(), "apiBase": telegram.api_base(),
            "allowFrom": [PERSON.to_string()],
        });
        let mut config = both_places::config(place, "telegram", &model, &section);
        change(&mut config);
        let gateway = TestGateway::builder(BINARY).config(config).start().await;
        Self { model, telegram, gateway }
    }

    /// Ends the gateway as it is told to, lets something happen, and starts it again.
    pub(crate) async fn restart(mut self, meanwhile: impl FnOnce(&FakeTelegram)) -> Self {
        assert!(self.gateway.stop().await.success(), "{}", self.gateway.stderr());
        meanwhile(&self.telegram);
        Self { gateway: self.gateway.restarted().await, ..self }
    }

    /// Waits until a chat shows a text, and returns the message.
    pub(crate) async fn shown(&self, chat: i64, text: &str) -> ShownMessage {
        let find = |it: &FakeTelegram| it.shown(chat).into_iter().find(|it| it.text == text);
        self.telegram.wait_until(&format!("{text:?} is shown"), |it| find(it).is_some()).await;
        find(&self.telegram).expect("it was there a moment ago")
    }

    /// The channel's line in the table of `channels status`, as soon as it is as wanted.
    pub(crate) async fn status(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        both_places::status(&self.gateway, "telegram", is_wanted).await
    }
}
