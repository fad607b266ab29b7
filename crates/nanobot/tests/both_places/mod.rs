//! What the tests share that run a built-in channel both ways: inside the gateway, and in a process
//! of its own behind the plugin protocol.

use nanobot_test_support::{FakeModel, TestGateway};
use serde_json::{Value, json};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");

/// Where the channel's code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Gateway,
    OwnProcess,
}

pub(crate) const PLACES: [Place; 2] = [Place::Gateway, Place::OwnProcess];

/// The config of a gateway with one channel in this place.
pub(crate) fn config(place: Place, channel: &str, model: &FakeModel, section: &Value) -> Value {
    let isolated = if place == Place::OwnProcess { vec![channel] } else { Vec::new() };
    json!({
        "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
        "plugins": {"isolate": isolated},
        "channels": {channel: section},
    })
}

/// A section with changes.
pub(crate) fn changed(mut section: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().expect("a section is an object") {
        section[key] = value.clone();
    }
    section
}

/// The channel's line in the table of `channels status`, as soon as it is as wanted.
pub(crate) async fn status(
    gateway: &TestGateway,
    channel: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> String {
    let line = |table: &str| {
        let mut lines = table.lines();
        lines.find(|line| line.starts_with(channel)).unwrap_or_default().to_owned()
    };
    let command = ["channels", "status"];
    let table = gateway.command_until(BINARY, &command, |table| is_wanted(&line(table)));
    line(&table.await)
}

/// Checks that status and list say where the channel runs, and who it is.
pub(crate) async fn check_told(place: Place, gateway: &TestGateway, channel: &str, account: &str) {
    let line = status(gateway, channel, |line| line.contains(" connected ")).await;
    let runs_in = if place == Place::OwnProcess { " own process " } else { " gateway " };
    assert!(line.contains(runs_in) && line.contains(account), "{place:?}: {line}");
    let list = gateway.command(BINARY, &["plugins", "list", "--json"]).await;
    let list: Value = serde_json::from_slice(&list.stdout).expect("the list is JSON");
    let row = list.as_array().expect("a list").iter().find(|row| row["name"] == channel);
    let expected = (&json!("builtin"), &json!(place == Place::OwnProcess));
    assert_eq!(row.map(|row| (&row["source"], &row["isolated"])), Some(expected));
}
