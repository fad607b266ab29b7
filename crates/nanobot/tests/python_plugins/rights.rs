//! What packages could do in the Python program beyond receiving and sending, and how the config
//! takes it from them.

use nanobot_test_support::{FakeModel, FakeReply, FakeSpeech, TestGateway};
use serde_json::{Value, json};

use crate::guide::start;
use crate::packages::environment_with;
use crate::world::BINARY;

/// Lets whoever is paired write, reads voice messages, and tells another channel.
const DOORBELL: &str = r#"
import asyncio
from nanobot.bus.events import OutboundMessage
from nanobot.channels.base import BaseChannel
from nanobot.config.paths import get_media_dir


class Channel(BaseChannel):
    name = "doorbell"

    def __init__(self, config, bus):
        super().__init__(config, bus)
        self.transcribe = self.transcribe_audio

    def is_allowed(self, sender_id):
        return sender_id == "paired"

    async def start(self):
        self._running = True
        voice = get_media_dir("doorbell") / "voice.ogg"
        voice.write_bytes(b"knock knock")
        words = await self.transcribe(voice)
        await self.bus.publish_outbound(OutboundMessage("parrot", "cage", f"rang: {words}"))
        await self._handle_message("paired", "street", f"at the door: {words}")
        while self._running:
            await asyncio.sleep(0.1)

    async def stop(self):
        self._running = False

    async def send(self, msg):
        self.logger.info("doorbell says {} to {}", msg.content, msg.chat_id)
"#;

const PARROT: &str = r#"
import asyncio
from nanobot.channels.base import BaseChannel


class Channel(BaseChannel):
    name = "parrot"

    async def start(self):
        self._running = True
        while self._running:
            await asyncio.sleep(0.1)

    async def stop(self):
        self._running = False

    async def send(self, msg):
        self.logger.info("parrot says {} to {}", msg.content, msg.chat_id)
"#;

/// A gateway with both channels; `section` is what the config says of the first.
async fn gateway(section: Value, model: &FakeModel, speech: Option<&FakeSpeech>) -> TestGateway {
    let world = environment_with(&[("doorbell", DOORBELL), ("parrot", PARROT)]);
    let mut config = json!({
        "agents": {"defaults": {"model": "fake-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
        "channels": {"doorbell": section, "parrot": {"enabled": true, "allowFrom": ["*"]}},
    });
    if let Some(speech) = speech {
        config["transcription"] = json!({"provider": "openai"});
        config["providers"]["openai"] = json!({"apiBase": speech.base_url(), "apiKey": "key"});
    }
    world.file(".nanobot/config.json", &config.to_string());
    start(world).await
}

async fn status(gateway: &TestGateway) -> String {
    let output = gateway.command(BINARY, &["channels", "status"]).await;
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn an_unchanged_package_pairs_people_hears_voices_and_tells_other_channels() {
    let (model, speech) = (FakeModel::start().await, FakeSpeech::start(Some("key")).await);
    model.push(FakeReply::text("Come in!"));
    let section = json!({"enabled": true, "allowFrom": []});
    let mut gateway = gateway(section, &model, Some(&speech)).await;
    gateway.wait_for_stderr("doorbell says Come in! to street").await;
    gateway.wait_for_stderr("parrot says rang: hello to cage").await;
    assert!(model.last_request().last_user_text().ends_with("at the door: hello"));
    assert_eq!(speech.requests()[0].content, b"knock knock");
    gateway.wait_for_stderr("channels.doorbell.trustPlugin").await;
    let row = |status: &str, name: &str| {
        status.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
    };
    let status = status(&gateway).await;
    assert!(row(&status, "doorbell").contains("decides itself who may write"), "{status}");
    assert!(!row(&status, "parrot").contains("decides itself"), "{status}");
    assert_eq!(gateway.stop().await.code(), Some(0), "{}", gateway.stderr());
}

#[tokio::test]
async fn the_config_holds_a_package_to_the_list_and_to_its_own_platform() {
    let model = FakeModel::start().await;
    let section =
        json!({"enabled": true, "allowFrom": ["ada"], "trustPlugin": false, "publishTo": []});
    let mut gateway = gateway(section, &model, None).await;
    gateway.wait_for_stderr("Access denied for sender paired on channel doorbell").await;
    gateway.wait_for_stderr("A message for the channel parrot was dropped").await;
    gateway.wait_for_stderr("No transcription of").await;
    assert_eq!(model.request_count(), 0);
    assert!(!status(&gateway).await.contains("decides itself"));
    assert_eq!(gateway.stop().await.code(), Some(0), "{}", gateway.stderr());
    assert!(!gateway.stderr().contains("parrot says"), "{}", gateway.stderr());
}

#[test]
fn a_package_shows_that_it_decides_by_itself() {
    let world = environment_with(&[("doorbell", DOORBELL), ("parrot", PARROT)]);
    let described = |name: &str| world.run(&["plugins", "describe", name]).succeeded();
    assert!(described("doorbell").contains("decides itself who may write"));
    assert!(!described("parrot").contains("decides itself"));
}
