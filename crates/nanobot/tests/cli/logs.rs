use nanobot_test_support::{FakeModel, FakeReply, TestGateway};
use serde_json::{Value, json};

use crate::home::{BINARY, BROKEN_PLUGIN, GOOD_PLUGIN, Home};

/// The first line of a gateway's JSON log with this message.
async fn line(gateway: &TestGateway, message: &str) -> Value {
    let line = gateway.wait_for_stderr(&format!("\"message\":\"{message}")).await;
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

async fn gateway(home: Home) -> TestGateway {
    let builder = TestGateway::builder(BINARY).home(home.into_folder()).without_config();
    // Only what is wrong: the names must be there all the same.
    let builder = builder.env("NANOBOT_LOG_FORMAT", "json").env("NANOBOT_LOG", "warn");
    builder.start().await
}

#[tokio::test]
async fn line_about_a_channel_names_it() {
    let home =
        Home::with_config(&json!({"channels": {"broken": {"enabled": true, "allowFrom": ["*"]}}}));
    home.install("broken", BROKEN_PLUGIN);
    let gateway = gateway(home).await;
    let line = line(&gateway, "The channel ended; it starts again after a pause.").await;
    assert_eq!((&line["channel"], &line["level"]), (&json!("broken"), &json!("ERROR")));
}

#[tokio::test]
async fn line_about_a_message_that_is_refused_names_the_channel() {
    let home = Home::with_config(
        &json!({"channels": {"parrot": {"enabled": true, "allowFrom": ["nobody"]}}}),
    );
    home.install("parrot", GOOD_PLUGIN);
    let gateway = gateway(home).await;
    let line = line(&gateway, "Denied access").await;
    assert_eq!((&line["channel"], &line["sender"]), (&json!("parrot"), &json!("ada")));
}

#[tokio::test]
async fn line_about_a_turn_names_turn_channel_and_session() {
    let model = FakeModel::start().await;
    model.set_default(FakeReply::status(401, r#"{"error": {"message": "no such key"}}"#));
    let home = Home::with_config(&json!({
        "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
        "channels": {"parrot": {"enabled": true, "allowFrom": ["ada"]}},
    }));
    home.install("parrot", GOOD_PLUGIN);
    let gateway = gateway(home).await;
    let line = line(&gateway, "The model did not answer.").await;
    assert_eq!((&line["channel"], &line["session"]), (&json!("parrot"), &json!("parrot:room")));
    let turn = line["turn"].as_str().expect("a turn");
    let traced = gateway.command(BINARY, &["trace", turn, "--json"]).await;
    assert_eq!(traced.status.code(), Some(0), "the id leads to the message");
}

#[tokio::test]
async fn line_about_a_delivery_names_delivery_and_channel() {
    let home = Home::with_config(
        &json!({"channels": {"parrot": {"enabled": true, "allowFrom": ["ada"]}}}),
    );
    let receipt = r#"\"result\":{\"platform_ids\":[\"p1\"]}"#;
    let refusal =
        r#"\"error\":{\"code\":-32013,\"message\":\"too rude\",\"data\":{\"kind\":\"rejected\"}}"#;
    assert!(GOOD_PLUGIN.contains(receipt));
    home.install("parrot", &GOOD_PLUGIN.replace(receipt, refusal));
    let gateway = gateway(home).await;
    let line = line(&gateway, "A delivery was given up.").await;
    assert_eq!((&line["channel"], &line["reason"]), (&json!("parrot"), &json!("too rude")));
    let delivery = line["delivery_id"].as_str().expect("a delivery");
    let shown = gateway.command(BINARY, &["deliveries", "show", delivery, "--json"]).await;
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["state"], "dead");
}
