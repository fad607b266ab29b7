use std::process::Stdio;

use nanobot_test_support::{Signal, TestGateway};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::home::{BINARY, BROKEN_PLUGIN, GOOD_PLUGIN, Home, cells};

#[tokio::test]
async fn status_shows_the_channels_of_the_running_gateway() {
    let gateway = TestGateway::builder(BINARY).start().await;
    let args = ["channels", "status"];
    let is_connected = |table: &str| table.contains("connected  ");
    let lines = cells(&gateway.command_until(BINARY, &args, is_connected).await);
    let head = "Channel State Runs in Since Received Delivered Queue Restarts Account Message";
    assert_eq!(lines[0], head);
    assert!(lines[1].starts_with("web connected "), "{lines:?}");
    assert!(lines[1].ends_with(" s - - 0 0 -"), "{lines:?}");

    let ran = gateway.command(BINARY, &["channels", "status", "--json"]).await;
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(report["running"], true);
    assert_eq!(report["pid"], gateway.id());
    assert_eq!(report["address"], gateway.address().to_string());
    assert_eq!(report["channels"]["web"]["state"], "connected");
}

#[tokio::test]
async fn status_shows_why_a_channel_ended_with_the_end_of_its_log() {
    let home =
        Home::with_config(&json!({"channels": {"broken": {"enabled": true, "allowFrom": ["*"]}}}));
    home.install("broken", BROKEN_PLUGIN);
    let gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    let is_down = |table: &str| table.contains("broken, last error ");
    let said = gateway.command_until(BINARY, &["channels", "status"], is_down).await;
    let (_, details) = said.split_once("broken, last error ").unwrap();
    assert!(details.ends_with(" ago: plugin exited with status 3\n  no such library\n"), "{said}");
    let ran = gateway.command(BINARY, &["channels", "status", "--json"]).await;
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let broken = &report["channels"]["broken"];
    assert_eq!(broken["last_error"], "plugin exited with status 3");
    assert_eq!(broken["last_log"], json!(["no such library"]));
    assert_eq!(broken["queue"], json!({"chats": 0, "deliveries": 0, "others": 0}));
}

/// Starts a watch whose output is no terminal.
fn watch(gateway: &TestGateway, args: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = Command::new(BINARY)
        .args(["channels", "status", "--watch"])
        .args(args)
        .env_clear()
        .env("HOME", gateway.home())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the command runs");
    let lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
    (child, lines)
}

async fn line_with(lines: &mut Lines<BufReader<ChildStdout>>, text: &str) -> String {
    let find = async {
        loop {
            let line = lines.next_line().await.expect("lines of text").expect("the watch goes on");
            if line.contains(text) {
                return line;
            }
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(60), find).await;
    found.unwrap_or_else(|_| panic!("no line with {text:?}"))
}

#[tokio::test]
async fn watch_prints_changes_until_ctrl_c() {
    let mut gateway = TestGateway::builder(BINARY).start().await;
    let (mut watching, mut lines) = watch(&gateway, &[]);
    line_with(&mut lines, "  gateway  running").await;
    let line = line_with(&mut lines, "  web  connected").await;
    assert!(!line.contains('\u{1b}'), "{line:?}");
    gateway.stop().await;
    line_with(&mut lines, "  gateway  not running").await;
    let id = watching.id().unwrap().cast_signed();
    rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), Signal::INT)
        .unwrap();
    assert_eq!(watching.wait().await.unwrap().code(), Some(0));
    assert_eq!(lines.next_line().await.unwrap(), None, "nothing is said at the end");
}

#[tokio::test]
async fn watch_as_json_is_one_object_a_line() {
    let gateway = TestGateway::builder(BINARY).start().await;
    let (_watching, mut lines) = watch(&gateway, &["--json"]);
    for _ in 0..2 {
        let line = line_with(&mut lines, "\"web\"").await;
        let report: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&report["running"], &report["pid"]), (&json!(true), &json!(gateway.id())));
    }
}

#[tokio::test]
async fn restart_starts_one_channel_again() {
    let home = Home::with_config(
        &json!({"channels": {"parrot": {"enabled": true, "allowFrom": ["ada"]}}}),
    );
    home.install("parrot", GOOD_PLUGIN);
    let gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    let status = ["channels", "status", "--json"];
    let restarts = |report: &str| {
        let report: Value = serde_json::from_str(report).unwrap_or_default();
        let channel = |name: &str| report["channels"][name].clone();
        let is_up = |name: &str| channel(name)["state"] == "connected";
        (is_up("parrot") && is_up("web"))
            .then(|| ["parrot", "web"].map(|name| channel(name)["restarts"].as_u64().unwrap()))
    };
    gateway.command_until(BINARY, &status, |it| restarts(it) == Some([0, 0])).await;
    let ran = gateway.command(BINARY, &["channels", "restart", "parrot"]).await;
    assert_eq!(ran.status.code(), Some(0));
    let said = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(said, "✓ The running gateway starts parrot again\n");
    gateway.command_until(BINARY, &status, |it| restarts(it) == Some([1, 0])).await;

    for (name, hint) in
        [("parot", "did you mean `parrot`?"), ("a/../b", "enable it as channels.a/")]
    {
        let ran = gateway.command(BINARY, &["channels", "restart", name]).await;
        let said = String::from_utf8(ran.stderr).unwrap();
        let problem =
            format!("Error: the running gateway has no channel {name}  Running: parrot, web\n");
        assert!(said.starts_with(&problem) && said.contains(hint), "{said}");
        assert_eq!(ran.status.code(), Some(1));
    }
}

#[test]
fn restart_without_a_gateway_says_so() {
    let said = Home::new().run(&["channels", "restart", "web"]).failed(1);
    assert_eq!(said, "Error: no gateway is running\nhint: to start one, run `nanobot gateway`\n");
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
