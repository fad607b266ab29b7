use nanobot_test_support::{FakeModel, FakeTelegram, ShownMessage, TestGateway};
use serde_json::{Value, json};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");
/// The one who may write.
pub(crate) const PERSON: i64 = 7;

/// Where the channel's code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Gateway,
    OwnProcess,
}

pub(crate) const PLACES: [Place; 2] = [Place::Gateway, Place::OwnProcess];

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
            for (key, value) in section.as_object().expect("a section is an object") {
                config["channels"]["telegram"][key] = value.clone();
            }
        })
        .await
    }

    /// A world with further changes of its config.
    pub(crate) async fn with_config(place: Place, change: impl FnOnce(&mut Value)) -> Self {
        let (model, telegram) = (FakeModel::start().await, FakeTelegram::start().await);
        let mut config = config(place, &model, &telegram);
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
        let line = |table: &str| {
            let mut lines = table.lines();
            lines.find(|line| line.starts_with("telegram")).unwrap_or_default().to_owned()
        };
        let command = ["channels", "status"];
        let table = self.gateway.command_until(BINARY, &command, |table| is_wanted(&line(table)));
        line(&table.await)
    }
}

fn config(place: Place, model: &FakeModel, telegram: &FakeTelegram) -> Value {
    let isolated = if place == Place::OwnProcess { vec!["telegram"] } else { Vec::new() };
    json!({
        "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
        "plugins": {"isolate": isolated},
        "channels": {"telegram": {
            "enabled": true, "token": telegram.token(), "apiBase": telegram.api_base(),
            "allowFrom": [PERSON.to_string()],
        }},
    })
}
