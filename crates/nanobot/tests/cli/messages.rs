//! The way of a message, from a plugin to the agent and back.

use nanobot_test_support::TestGateway;
use serde_json::{Value, json};

use crate::home::{BINARY, BROKEN_PLUGIN, GOOD_PLUGIN, Home};

#[tokio::test]
async fn message_of_a_plugin_is_answered_through_it() {
    let home = Home::with_config(&json!({
        "channels": {"parrot": {"enabled": true, "allow_from": ["ada"], "callback_url": "${URL}"}}
    }));
    home.install("parrot", GOOD_PLUGIN);
    let mut gateway = TestGateway::builder(BINARY)
        .home(home.into_folder())
        .without_config()
        .env("URL", "http://a.example")
        .start()
        .await;
    gateway.wait_for_stdout("✓ Channels enabled: web, parrot").await;
    let delivered = gateway.wait_for_stderr("delivered ").await;
    assert!(delivered.contains("offline model") && delivered.contains("> hello"), "{delivered}");
    assert_eq!(gateway.stop().await.code(), Some(0), "{}", gateway.stderr());

    let started =
        std::fs::read_to_string(gateway.data_dir().join("channels/parrot/start.json")).unwrap();
    let started: Value = serde_json::from_str(&started).unwrap();
    let section = json!({"enabled": true, "callbackUrl": "http://a.example", "allowFrom": ["ada"]});
    assert_eq!(started["params"]["config"], section);
}

#[tokio::test]
async fn plugin_that_does_not_start_keeps_the_gateway_from_nothing() {
    let home =
        Home::with_config(&json!({"channels": {"broken": {"enabled": true, "allowFrom": ["*"]}}}));
    home.install("broken", BROKEN_PLUGIN);
    let gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    gateway.wait_for_stdout("✓ Channels enabled: web, broken").await;
    gateway.wait_for_stderr("The channel ended; it starts again after a pause.").await;
    let is_told = |table: &str| {
        let mut lines = table.lines().filter(|line| line.starts_with("broken "));
        lines.any(|line| line.contains("retrying") && line.contains("no such library"))
    };
    gateway.command_until(BINARY, &["channels", "status"], is_told).await;
}
