//! Packages that know nothing of the walls around them.

use nanobot_test_support::{FakeModel, TestGateway};
use serde_json::{Value, json};

use crate::guide::start;
use crate::packages::environment_with;
use crate::world::BINARY;

/// Keeps things as packages of the Python program do, and looks at what is not its own.
const HERMIT: &str = r#"
import asyncio, tempfile
from pathlib import Path
from nanobot.channels.base import BaseChannel
from nanobot.config.paths import get_media_dir


def is_denied(path):
    try:
        Path(path).read_bytes()
    except PermissionError:
        return True
    return False


class Channel(BaseChannel):
    name = "hermit"

    async def start(self):
        self._running = True
        session = Path.home() / ".nanobot" / "hermit" / "session.json"
        starts = len(session.read_text()) + 1 if session.exists() else 1
        session.parent.mkdir(parents=True, exist_ok=True)
        session.write_text("x" * starts)
        (get_media_dir("hermit") / "photo").write_text("x")
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x")
        for path in self.config["careless"]:
            Path(path).read_bytes()
        denied = sum(map(is_denied, self.config["secrets"]))
        self.logger.info("hermit started {} times and was denied {}", starts, denied)
        while self._running:
            await asyncio.sleep(0.1)

    async def stop(self):
        self._running = False

    async def send(self, msg):
        pass
"#;

async fn gateway(secrets: &[&str], careless: &[&str], sandbox: Value) -> TestGateway {
    let model = FakeModel::start().await;
    let world = environment_with(&[("hermit", HERMIT)]);
    for name in [".nanobot/channels/other/token", ".nanobot/plugins/secret", ".ssh/id"] {
        world.file(name, "secret");
    }
    let absolute = |names: &[&str]| names.iter().map(|name| world.path(name)).collect::<Vec<_>>();
    let section = json!({"enabled": true, "allowFrom": ["*"], "secrets": absolute(secrets), "careless": absolute(careless)});
    let config = json!({
        "agents": {"defaults": {"model": "fake-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
        "channels": {"hermit": section},
        "plugins": {"sandbox": {"hermit": sandbox}},
    });
    world.file(".nanobot/config.json", &config.to_string());
    start(world).await
}

#[tokio::test]
async fn a_package_keeps_things_in_a_home_of_its_own_and_sees_no_others() {
    let secrets = [
        ".nanobot/config.json",
        ".nanobot/ledger.sqlite",
        ".nanobot/channels/other/token",
        ".nanobot/plugins/secret",
        ".ssh/id",
    ];
    let mut gateway = gateway(&secrets, &[], json!({})).await;
    gateway.wait_for_stderr("hermit started 1 times and was denied 5").await;
    let kept = gateway.data_dir().join("channels/hermit/.nanobot/hermit/session.json");
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "x");
    let again = gateway.command(BINARY, &["channels", "restart", "hermit"]).await;
    assert!(again.status.success(), "{again:?}");
    gateway.wait_for_stderr("hermit started 2 times and was denied 5").await;
    assert_eq!(gateway.stop().await.code(), Some(0), "{}", gateway.stderr());
}

#[tokio::test]
async fn a_package_that_reaches_out_dies_with_a_hint_and_the_config_opens_more_to_it() {
    let mut denied = gateway(&[], &[".ssh/id"], json!({})).await;
    denied.wait_for_stderr("PermissionError").await;
    denied.wait_for_stderr("plugins.sandbox").await;
    assert_eq!(denied.stop().await.code(), Some(0), "{}", denied.stderr());

    let opened = json!({"read": ["~/.ssh"]});
    let mut opened = gateway(&[".ssh/id", ".nanobot/config.json"], &[".ssh/id"], opened).await;
    opened.wait_for_stderr("hermit started 1 times and was denied 1").await;
    assert_eq!(opened.stop().await.code(), Some(0), "{}", opened.stderr());
}
