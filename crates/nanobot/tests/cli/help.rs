use std::process::{Command, Stdio};

use crate::home::{BINARY, Home};

#[test]
fn help_of_every_command_names_its_options_and_gives_an_example() {
    #[track_caller]
    fn check(command: &[&str], options: &[&str]) {
        let args = [command, &["--help"]].concat();
        let help = Home::new().run(&args).succeeded();
        for option in options.iter().chain(&["--help", "Example"]) {
            assert!(help.contains(option), "{command:?} does not name {option}:\n{help}");
        }
    }
    check(
        &[],
        &["--version", "gateway", "onboard", "agent", "status", "channels", "plugins", "config"],
    );
    check(&["gateway"], &["--port", "--verbose", "--config", "--workspace", "NANOBOT_LOG"]);
    check(&["onboard"], &["--refresh", "--yes", "--overwrite", "--config", "--workspace"]);
    check(&["agent"], &["--message", "--session", "--no-markdown", "--logs", "--config"]);
    check(
        &["serve"],
        &["--port", "--host", "--timeout", "--verbose", "--config", "--workspace", "NANOBOT_LOG"],
    );
    check(&["status"], &["--json", "--config", "--workspace"]);
    check(&["doctor"], &["--json", "--config", "status 1"]);
    check(&["channels", "status"], &["--json", "--config"]);
    check(&["channels", "login"], &["<NAME>", "--force", "--config"]);
    check(&["deliveries"], &["--state", "--inbound", "--limit", "--json", "--config", "retry"]);
    check(&["deliveries", "list"], &["--state", "--inbound", "--limit", "--json", "--config"]);
    check(&["deliveries", "show"], &["<ID>", "--json", "--config"]);
    check(&["deliveries", "retry"], &["[ID]", "--all-dead", "--config"]);
    check(&["deliveries", "drop"], &["<ID>", "--config"]);
    check(&["sessions", "list"], &["--json", "--config"]);
    check(&["sessions", "show"], &["<KEY>", "--limit", "--json", "--config"]);
    check(&["sessions", "export"], &["<KEY>", "--output", "--config"]);
    check(&["sessions", "delete"], &["<KEY>", "--yes", "--config"]);
    check(&["trace"], &["<ID>", "--json", "--config"]);
    check(&["plugins", "list"], &["--json", "--config"]);
    check(&["plugins", "describe"], &["<NAME|PATH>", "--json", "--config"]);
    check(&["plugins", "install"], &["<SPEC>", "--editable", "--force", "--verbose", "--config"]);
    check(&["plugins", "new"], &["<NAME>", "--language", "--path", "--sources", "--config"]);
    check(&["plugins", "remove"], &["<NAME>", "--yes", "--config"]);
    check(&["config", "validate"], &["--config"]);
    check(&["config", "schema"], &[]);
    check(&["config", "path"], &["--config"]);
}

#[test]
fn version_is_printed_for_all_its_spellings() {
    let expected = concat!("🐈 nanobot v", env!("CARGO_PKG_VERSION"), "\n");
    for spelling in ["--version", "-V", "-v"] {
        assert_eq!(Home::new().run(&[spelling]).succeeded(), expected);
    }
}

#[test]
fn wrong_command_lines_end_with_status_2() {
    for args in [
        &["fly"][..],
        &["gateway", "--port", "high"],
        &["channels", "login"],
        &["deliveries", "--state", "lost"],
        &["deliveries", "retry"],
        &["sessions", "export"],
        &["onboard", "--refresh", "--overwrite"],
        &[],
    ] {
        let said = Home::new().run(args).failed(2);
        assert!(said.contains("--help"), "{said}");
    }
}

#[test]
fn output_that_nobody_reads_ends_a_command_quietly() {
    let home = Home::new();
    let mut child = Command::new(BINARY)
        .args(["config", "schema"])
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
