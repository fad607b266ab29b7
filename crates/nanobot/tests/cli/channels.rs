use nanobot_test_support::TestGateway;
use serde_json::{Value, json};

use crate::home::{BINARY, GOOD_PLUGIN, Home, cells};

#[tokio::test]
async fn status_shows_the_channels_of_the_running_gateway() {
    let gateway = TestGateway::builder(BINARY).start().await;
    let args = ["channels", "status"];
    let is_connected = |table: &str| table.contains("connected  ");
    let lines = cells(&gateway.command_until(BINARY, &args, is_connected).await);
    assert_eq!(lines[0], "Channel State Runs in Since Received Delivered Restarts Account Message");
    assert!(lines[1].starts_with("web connected "), "{lines:?}");
    assert!(lines[1].ends_with(" s - - 0 -"), "{lines:?}");

    let ran = gateway.command(BINARY, &["channels", "status", "--json"]).await;
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(report["running"], true);
    assert_eq!(report["pid"], gateway.id());
    assert_eq!(report["address"], gateway.address().to_string());
    assert_eq!(report["channels"]["web"]["state"], "connected");
}

#[test]
fn status_without_a_gateway_shows_the_config() {
    let home = Home::with_config(
        &json!({"channels": {"matrix": {"enabled": true}, "web": {"enabled": false}}}),
    );
    home.install("parrot", GOOD_PLUGIN);
    let ran = home.run(&["channels", "status"]);
    assert!(ran.stderr.contains("No gateway is running"), "{ran:#?}");
    assert_eq!(
        cells(&ran.succeeded()),
        ["Channel Enabled", "discord ✗", "matrix ✓", "parrot ✗", "telegram ✗", "web ✗"]
    );
    let report = home.run(&["channels", "status", "--json"]).succeeded();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["running"], false);
    assert_eq!(report["channels"]["matrix"]["enabled"], true);
}

#[test]
fn login_guides_through_the_steps_of_the_plugin() {
    let home =
        Home::with_config(&json!({"channels": {"parrot": {"callback_url": "http://${HOST}/"}}}));
    home.install("parrot", GOOD_PLUGIN);
    let args = ["channels", "login", "parrot", "--force"];
    let said = home.run_with(&args, &[("HOST", "a.example")], "cracker\n").succeeded();
    assert!(said.starts_with("🐈 Parrot Login\n\n"), "{said}");
    assert!(said.contains('█') && said.contains("parrot://link"), "{said}");
    assert!(said.contains("✓ Parrot is logged in"), "{said}");

    let asked =
        std::fs::read_to_string(home.data_dir().join("channels/parrot/login.json")).unwrap();
    let asked: Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(asked["params"]["force"], true);
    let section = json!({"enabled": false, "callbackUrl": "http://a.example/", "allowFrom": []});
    assert_eq!(asked["params"]["config"], section);
}

#[test]
fn login_that_does_not_succeed_ends_with_status_1() {
    let home = Home::new();
    home.install("parrot", GOOD_PLUGIN);
    let ran = home.run_with(&["channels", "login", "parrot"], &[], "wrong\n");
    let said = ran.failed(1);
    assert!(said.contains("Error: Parrot is not logged in"), "{said}");
    assert!(said.contains("run `nanobot channels login parrot --force`"), "{said}");
    let said = home.run(&["channels", "login", "nope"]).failed(1);
    assert!(
        said.contains("Unknown channel: nope  Available: discord, parrot, telegram, web"),
        "{said}"
    );
}

#[test]
fn channel_without_a_login_needs_none() {
    let said = Home::new().run(&["channels", "login", "web"]).succeeded();
    assert_eq!(said, "🐈 Web chat Login\n\nWeb chat needs no login.\n");
}

#[tokio::test]
async fn running_gateway_starts_a_channel_again_after_a_login() {
    let home = Home::with_config(
        &json!({"channels": {"parrot": {"enabled": true, "allowFrom": ["ada"]}}}),
    );
    home.install("parrot", GOOD_PLUGIN);
    let gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    let is_connected =
        |table: &str| cells(table).iter().any(|line| line.starts_with("parrot connected"));
    gateway.command_until(BINARY, &["channels", "status"], is_connected).await;
    let login = ["channels", "login", "parrot"];
    let said = gateway.command_with_input(BINARY, &login, "cracker\n").await;
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.ends_with("The running gateway starts the channel again.\n"), "{said}");
}
