use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nanobot_test_support::TestGateway;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::home::{BINARY, Home};

/// Far longer than an answer takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// What is to be written into the config, as a new plugin's author is told.
fn section_in(said: &str) -> Value {
    let start = said.find("\n{").expect("there is JSON");
    let mut values = serde_json::Deserializer::from_str(&said[start..]).into_iter();
    values.next().expect("there is JSON").expect("it is valid")
}

/// Builds with the versions of this repository, which are on the machine.
fn cargo(folder: &Path, args: &[&str]) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugin");
    let status = Command::new(env!("CARGO"))
        .args(args)
        .arg("--offline")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .status();
    assert!(status.expect("there is cargo").success(), "cargo {args:?} failed");
}

/// A gateway with this channel, for `ada` alone.
async fn gateway_with(home: Home, channel: &str) -> TestGateway {
    let section = json!({"enabled": true, "port": 0, "allowFrom": ["ada"]});
    let config = json!({"channels": {channel: section}});
    std::fs::write(home.config_file(), config.to_string()).expect("our file");
    TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await
}

#[tokio::test]
async fn a_new_plugin_in_rust_passes_its_tests_keeps_all_rules_and_answers() {
    let home = Home::new();
    let said = home.run(&["plugins", "new", "door-bell"]).succeeded();
    assert!(said.starts_with("✓ Wrote a channel plugin in Rust to nanobot-channel-door-bell\n"));
    assert_eq!(section_in(&said)["channels"]["door-bell"]["port"], 9000);
    let folder = home.path().join("nanobot-channel-door-bell");
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    cargo(&folder, &["test"]);
    cargo(&folder, &["build"]);
    let program =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugin/debug/nanobot-channel-door-bell");
    let program = program.to_str().unwrap();
    let table = home.run(&["plugins", "test", program, "--section", "{\"port\": 0}"]).succeeded();
    assert!(table.contains("passed   it describes itself"), "{table}");
    let said = home.run(&["plugins", "describe", program]).succeeded();
    assert!(said.contains("Display name  Door Bell"), "{said}");
    let said = home.run(&["plugins", "install", program]).succeeded();
    assert!(said.contains("It works, and calls itself Door Bell."), "{said}");

    let gateway = gateway_with(home, "door-bell").await;
    let status = ["channels", "status", "--json"];
    let is_up = |report: &str| report.contains("listening on ");
    let report: Value =
        serde_json::from_str(&gateway.command_until(BINARY, &status, is_up).await).unwrap();
    let message = report["channels"]["door-bell"]["message"].as_str().unwrap();
    let mut stream =
        TcpStream::connect(message.strip_prefix("listening on ").unwrap()).await.unwrap();
    stream.write_all(b"ada\nHello!\n").await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let answer = timeout(LIMIT, lines.next_line()).await.expect("it answers").unwrap().unwrap();
    assert!(answer.contains("Hello!"), "{answer}");
}

#[tokio::test]
async fn a_new_script_keeps_all_rules_is_installed_as_it_is_and_answers() {
    let home = Home::new();
    let said = home.run(&["plugins", "new", "notes", "-l", "script"]).succeeded();
    assert!(said.contains("`nanobot plugins install ./nanobot-channel-notes`"), "{said}");
    let expected = json!({"channels": {"notes": {"enabled": true, "allowFrom": ["ada"]}}});
    assert_eq!(section_in(&said), expected);
    let program = "nanobot-channel-notes/nanobot-channel-notes";
    home.run(&["plugins", "test", program]).succeeded();
    let said = home.run(&["plugins", "install", program]).succeeded();
    assert!(said.contains("It works, and calls itself Notes."), "{said}");
    let said = home.run(&["onboard"]).succeeded();
    assert!(said.contains("Added channels.notes"), "{said}");

    let folder = home.data_dir().join("channels/notes");
    std::fs::create_dir_all(folder.join("inbox")).unwrap();
    let note = home.path().join("note.txt");
    std::fs::write(&note, "Hello!").unwrap();
    let gateway = gateway_with(home, "notes").await;
    // In one step, so that no half of it is read.
    std::fs::rename(note, folder.join("inbox/ada.txt")).unwrap();
    let delivered = ["deliveries", "--state", "delivered"];
    gateway.command_until(BINARY, &delivered, |table| table.contains(" notes ")).await;
    let answer = std::fs::read_to_string(folder.join("outbox/ada.txt")).unwrap();
    assert!(answer.contains("Hello!"), "{answer}");
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let home = Home::new();
    let folder = home.path().join("mine");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("notes.txt"), "mine").unwrap();
    for language in ["rust", "python", "script"] {
        let args = ["plugins", "new", "bell", "--language", language, "--path", "mine"];
        let said = home.run(&args).failed(1);
        let expected = "Error: mine is not empty\nhint: nothing was written; name another folder \
                        with `--path DIR`\n";
        assert_eq!(said, expected);
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    home.run(&["plugins", "new", "bell", "-l", "script", "--path", "mine/bell"]).succeeded();
    assert!(folder.join("bell/nanobot-channel-bell").is_file());
}

#[test]
fn what_cannot_become_a_plugin_is_refused_before_anything_is_written() {
    let home = Home::new();
    for (args, problem) in [
        (&["Bell"][..], "Bell cannot be the name of a channel\nhint: use small letters"),
        (&["telegram"], "telegram is the name of a built-in channel"),
        (&["bell", "--sources", "."], ". does not hold nanobot's sources\nhint: a plugin in Rust"),
        (&["bell", "-l", "python", "--sources", "."], "--sources is for plugins in Rust alone"),
    ] {
        let said = home.run(&[&["plugins", "new"], args].concat()).failed(1);
        assert!(said.starts_with(&format!("Error: {problem}")), "{said}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_name_that_an_installed_plugin_has_is_told() {
    let home = Home::new();
    let path = home.install("parrot", crate::home::GOOD_PLUGIN);
    let ran = home.run(&["plugins", "new", "parrot", "--language", "script"]);
    let warning = format!("Warning: {} is a channel of that name already\n", path.display());
    assert!(ran.stderr.starts_with(&warning), "{ran:#?}");
    assert!(ran.stderr.contains("`nanobot plugins remove parrot`"), "{ran:#?}");
    ran.succeeded();
}
