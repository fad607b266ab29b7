//! The plugin keeps the rules of the protocol.

use nanobot_plugin_test::{Subject, check};
use serde_json::json;

#[tokio::test]
async fn plugin_keeps_the_rules_of_the_protocol() {
    let program = env!("CARGO_BIN_EXE_nanobot-channel-webhook");
    let subject = Subject::new("webhook", program);
    let section = json!({"port": 0, "streaming": true});
    check(&subject.with_section(section)).await.assert_conforming();
}
