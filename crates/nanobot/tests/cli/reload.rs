#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nanobot_test_support::{Signal, TestGateway};
use serde_json::{Value, json};

use crate::home::{BINARY, GOOD_PLUGIN, Home, cells};

const STATUS: [&str; 2] = ["channels", "status"];

/// A gateway with the parrot plugin installed and this section for it.
async fn gateway(section: &Value) -> TestGateway {
    let home = Home::with_config(&config(section));
    home.install("parrot", GOOD_PLUGIN);
    TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await
}

fn config(parrot: &Value) -> Value {
    json!({"channels": {"web": {"enabled": false}, "parrot": parrot}})
}

/// Writes the config as editors do: a new file takes the place of the old one.
fn replace_config(gateway: &TestGateway, text: &str) {
    let fresh = gateway.data_dir().join("config.json~");
    std::fs::write(&fresh, text).unwrap();
    std::fs::rename(&fresh, gateway.data_dir().join("config.json")).unwrap();
}

async fn until_parrot(gateway: &TestGateway, state: &str) {
    let line = format!("parrot {state}");
    let is_there = |table: &str| cells(table).iter().any(|it| it.starts_with(&line));
    gateway.command_until(BINARY, &STATUS, is_there).await;
}

/// Where the plugin writes down what it is started with.
fn start_file(gateway: &TestGateway) -> PathBuf {
    gateway.data_dir().join("channels/parrot/start.json")
}

/// Forgets the last start, so that [`until_started_again`] waits for another one.
fn forget_start(gateway: &TestGateway) {
    std::fs::remove_file(start_file(gateway)).unwrap();
}

async fn until_started_again(gateway: &TestGateway) {
    let is_there = |table: &str| {
        let is_connected = |line: &String| line.starts_with("parrot connected");
        start_file(gateway).exists() && cells(table).iter().any(is_connected)
    };
    gateway.command_until(BINARY, &STATUS, is_there).await;
}

fn started_with(gateway: &TestGateway) -> Value {
    let started = std::fs::read_to_string(start_file(gateway)).unwrap();
    let started: Value = serde_json::from_str(&started).unwrap();
    started["params"]["config"].clone()
}

#[tokio::test]
async fn edited_config_starts_changes_and_stops_channels_and_another_model_answers() {
    let mut gateway = gateway(&json!({"enabled": false})).await;
    let mut section = json!({"enabled": true, "allowFrom": ["ada"], "callbackUrl": "http://a"});
    replace_config(&gateway, &config(&section).to_string());
    gateway.wait_for_stderr("read again: started parrot.").await;
    until_parrot(&gateway, "connected").await;
    assert_eq!(started_with(&gateway)["callbackUrl"], "http://a");

    section["callbackUrl"] = json!("http://b");
    forget_start(&gateway);
    replace_config(&gateway, &config(&section).to_string());
    gateway.wait_for_stderr("read again: restarted parrot.").await;
    until_started_again(&gateway).await;
    assert_eq!(started_with(&gateway)["callbackUrl"], "http://b");

    section["allowFrom"] = json!(["*"]);
    let mut all = config(&section);
    all["gateway"] = json!({"host": "localhost"});
    all["agents"] = json!({"defaults": {"model": "ollama/other"}});
    replace_config(&gateway, &all.to_string());
    let line = "read again: changed the rules of parrot; changed the agent.";
    gateway.wait_for_stderr(line).await;
    gateway.wait_for_stderr("gateway.host has changed, which takes effect after a restart").await;
    let said = gateway.command(BINARY, &["status", "--json"]).await;
    let status: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(status["gateway"]["model"], "ollama/other");
    assert_eq!(status["gateway"]["reload"]["needs_restart"], json!(["gateway.host"]));

    replace_config(&gateway, &config(&json!({"enabled": false})).to_string());
    gateway.wait_for_stderr("stopped parrot").await;
    let is_gone = |table: &str| !table.contains("parrot");
    gateway.command_until(BINARY, &STATUS, is_gone).await;
    assert_eq!(gateway.stop().await.code(), Some(0));
}

#[tokio::test]
async fn config_that_cannot_be_used_is_refused_with_its_place_until_it_is_mended() {
    let section = json!({"enabled": true, "allowFrom": ["ada"]});
    let gateway = gateway(&section).await;
    until_parrot(&gateway, "connected").await;
    for (text, expected) in [
        ("{\n  \"gateway\": {,}\n}", "config.json:2:15: "),
        ("{\n  \"gateway\": {\"port\": \"high\"}\n}", "config.json:2:23: gateway.port"),
        (
            "{\"channels\": {\n  \"telegram\": {\"enabled\": true,\n    \"token\": 5}}}",
            "config.json:3:14: channels.telegram.token is not valid",
        ),
    ] {
        replace_config(&gateway, text);
        gateway.wait_for_stderr(expected).await;
        let ran = gateway.command(BINARY, &STATUS).await;
        let warned = String::from_utf8(ran.stderr).unwrap();
        assert!(warned.contains("the config is not taken, and the one before holds"), "{warned}");
        assert!(warned.contains(expected), "{warned}");
        let said = gateway.command(BINARY, &["config", "validate"]).await;
        assert_eq!(said.status.code(), Some(1));
        let said = String::from_utf8(said.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
        until_parrot(&gateway, "connected").await;
    }
    replace_config(&gateway, &config(&section).to_string());
    gateway.wait_for_stderr("read again: nothing changed").await;
    let ran = gateway.command(BINARY, &STATUS).await;
    assert_eq!(String::from_utf8(ran.stderr).unwrap(), "");
}

#[tokio::test]
async fn hang_up_has_the_config_and_the_plugins_read_again() {
    let section = json!({"enabled": true, "allowFrom": ["ada"]});
    let home = Home::with_config(&config(&section));
    let gateway = TestGateway::builder(BINARY).home(home.into_folder()).without_config();
    let gateway = gateway.start().await;
    gateway.wait_for_stderr("no channel or plugin named \"parrot\" is installed").await;
    plugin(&gateway.data_dir().join("plugins/bin"), GOOD_PLUGIN);
    gateway.signal(Signal::HUP);
    gateway.wait_for_stderr("read again: started parrot.").await;
    until_parrot(&gateway, "connected").await;
}

/// Writes the program of the parrot plugin into a folder, by another process: see `Home::install`.
fn plugin(folder: &Path, script: &str) -> String {
    std::fs::create_dir_all(folder).unwrap();
    let source = folder.join("source.sh");
    std::fs::write(&source, script).unwrap();
    std::fs::set_permissions(&source, PermissionsExt::from_mode(0o755)).unwrap();
    let path = folder.join("nanobot-channel-parrot");
    let moved = std::process::Command::new("mv").arg(&source).arg(&path).status();
    assert!(moved.unwrap().success());
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn plugins_are_installed_upgraded_put_back_and_removed_while_the_gateway_runs() {
    let section = json!({"enabled": true, "allowFrom": ["ada"]});
    let home = Home::with_config(&config(&section));
    let gateway = TestGateway::builder(BINARY).home(home.into_folder()).without_config();
    let mut gateway = gateway.start().await;
    let work = gateway.home().join("work");
    let first = plugin(&work, GOOD_PLUGIN);
    let install = ["plugins", "install", &first, "--force"];
    let said = gateway.command(BINARY, &install).await;
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.ends_with("  The running gateway starts the channel now.\n"), "{said}");
    until_parrot(&gateway, "connected").await;

    // The next version works, and says another name.
    plugin(&work, &GOOD_PLUGIN.replace("Parrot", "Polly"));
    forget_start(&gateway);
    gateway.command(BINARY, &install).await;
    gateway.wait_for_stderr("read again: restarted parrot.").await;
    until_started_again(&gateway).await;

    // The one after it describes itself, and crashes when it is started.
    let crash = "printf 'out of seeds\\n' >&2; exit 3";
    plugin(&work, &GOOD_PLUGIN.replace("printf '%s' \"$line\" >start.json", crash));
    gateway.command(BINARY, &install).await;
    gateway.wait_for_stderr("failed within its first minute").await;
    let is_told = |table: &str| {
        table.contains("the upgrade failed and was undone") && table.contains("out of seeds")
    };
    gateway.command_until(BINARY, &STATUS, is_told).await;
    until_parrot(&gateway, "connected").await;
    let said = gateway.command(BINARY, &["plugins", "describe", "parrot"]).await;
    assert!(String::from_utf8(said.stdout).unwrap().contains("Polly"));

    let said = gateway.command(BINARY, &["plugins", "remove", "parrot", "--yes"]).await;
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.ends_with("  The running gateway stops parrot.\n"), "{said}");
    let is_gone = |table: &str| !table.contains("parrot");
    gateway.command_until(BINARY, &STATUS, is_gone).await;
    assert_eq!(gateway.stop().await.code(), Some(0));
}
