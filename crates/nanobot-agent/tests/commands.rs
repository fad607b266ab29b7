//! Commands that a fake model has run, and what locks them in.

#[path = "support/house.rs"]
mod house;
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use house::House;
use nanobot_agent::{Agent, CommandSandbox, Ending};
use nanobot_test_support::FakeReply;
use serde_json::json;
use support::{Ears, turn};
use tokio::join;

#[tokio::test]
async fn a_command_gives_output_and_exit_status() {
    let house = House::new().await;
    let result = house.exec("pwd; echo to stderr >&2; exit 3").await;
    let workspace = house.root.path().canonicalize().expect("a path").join("data/workspace");
    let expected = format!("{}\nSTDERR:\nto stderr\n\nExit code: 3", workspace.display());
    assert_eq!(result, expected);
    let long = house.exec("seq 1 100000; echo end").await;
    assert!(long.starts_with("1\n2\n") && long.contains("bytes left out"), "{long}");
    assert!(long.ends_with("99999\n100000\nend\n\nExit code: 0"), "{long}");
    let denied = house.exec("rm -rf notes").await;
    assert!(denied.starts_with("Error: the command was not run"), "{denied}");
}

#[tokio::test]
async fn a_command_sees_no_keys_in_its_environment() {
    let house = House::new().await;
    let environment = house.exec("env").await;
    let allowed =
        ["HOME", "PATH", "TMPDIR", "LANG", "LC_ALL", "TERM", "PWD", "SHLVL", "_", "OLDPWD"];
    let is_known = |line: &&str| allowed.iter().any(|name| line.starts_with(&format!("{name}=")));
    let unknown: Vec<&str> = environment
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| !is_known(line) && !line.contains("LESS") && !line.contains("DEBUG"))
        .collect();
    // The login shell may set variables of its own, but none of ours gets through.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "RUSTUP_HOME"] {
        assert!(!environment.contains(name), "{unknown:?}");
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended_with_its_children() {
    let house = House::new().await;
    let started = Instant::now();
    let arguments = json!({"command": "echo begun; sleep 600 & sleep 600", "timeout": 1});
    let result = house.call("exec", arguments).await;
    assert_eq!(result, "begun\n\nError: the command was ended after 1 seconds.");
    let left_behind = house.exec("sleep 600 & echo done").await;
    assert_eq!(left_behind, "done\n\nExit code: 0");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn cancelling_ends_a_command() {
    let house = House::new().await;
    let command = json!({"command": "mkfifo pipe; echo $$ > pid; cat pipe"});
    house.fake.push(FakeReply::tool_call("exec", &command));
    let agent = Agent::new(house.settings.clone());
    let turn = turn("go");
    let cancel = turn.cancel.clone();
    let ears = Ears::default();
    let pid_file = house.root.path().join("data/workspace/pid");
    let stop = async {
        while !std::fs::read_to_string(&pid_file).is_ok_and(|pid| pid.ends_with('\n')) {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (outcome, ()) = join!(agent.run_turn(turn, &ears), stop);
    assert_eq!(outcome.ending, Ending::Interrupted);
    let pid = std::fs::read_to_string(&pid_file).expect("the command has begun");
    let process = Path::new("/proc").join(pid.trim());
    let is_gone = || {
        let status = std::fs::read_to_string(process.join("status"));
        status.map_or(true, |status| status.contains("State:\tZ"))
    };
    while !is_gone() {
        tokio::task::yield_now().await;
    }
}

/// What a command must not be able to do, whatever locks it in.
async fn check_walls(house: &House) {
    let outside = house.path("outside");
    let config = house.path("data/config.json");
    let escape = house.path("data/workspace/escape");
    std::os::unix::fs::symlink(&config, &escape).expect("the link is created");
    for command in [
        format!("cat {config}"),
        "cat ../config.json".to_owned(),
        "cat escape".to_owned(),
        format!("cp {config} stolen"),
        format!("ln {config} stolen"),
        format!("cat {outside}/secret.txt"),
        format!("ls {outside}"),
        format!("grep -r '' {}", house.path("data")),
        format!("cat /proc/{}/environ", std::process::id()),
        "cat /proc/$PPID/environ".to_owned(),
        format!("cat /proc/{}/root{config}", std::process::id()),
    ] {
        let result = house.exec(&command).await;
        assert!(!result.contains("the-key-of-the-house"), "{command}: {result}");
        assert!(!result.contains("nobody may read this"), "{command}: {result}");
        assert!(!result.contains("secret.txt\n"), "{command}: {result}");
        assert!(!result.contains("CARGO_"), "{command}: {result}");
    }
    assert!(!house.exists("data/workspace/stolen"));
    for command in [
        format!("echo x > {outside}/new"),
        format!("echo x > {}", house.path("data/new")),
        format!("echo x > {}", house.path("data/media/new")),
        format!("mv {outside}/secret.txt {outside}/new"),
        format!("ln -s /etc {outside}/new"),
        format!("echo x >> {config}"),
    ] {
        house.exec(&command).await;
    }
    assert!(!house.exists("outside/new") && !house.exists("data/new"));
    assert!(!house.exists("data/media/new"));
    assert_eq!(house.read("data/config.json"), "the-key-of-the-house");
    let work = house
        .exec(
            "echo 1 > a && mkdir -p b && mv a b/ && cat b/a && echo 2 > $TMPDIR/t && cat $TMPDIR/t",
        )
        .await;
    assert_eq!(work, "1\n2\n\nExit code: 0");
    let media = house.exec(&format!("cat {}", house.path("data/media/telegram/cat.png"))).await;
    assert_eq!(media, "a picture\n\nExit code: 0");
}

#[tokio::test]
async fn a_command_between_the_walls_of_landlock_stays_in_the_workspace() {
    let mut house = House::new().await;
    house.settings.tools.sandbox = CommandSandbox::Landlock;
    let probe = house.exec("true").await;
    if probe.contains("this system has no Landlock") {
        eprintln!("skipped: {probe}");
        return;
    }
    check_walls(&house).await;
    // The walls are around the command, and not around the program.
    assert_eq!(house.read("outside/secret.txt"), "nobody may read this");
    let kill = house.exec(&format!("kill -0 {}", std::process::id())).await;
    assert!(kill.contains("Exit code: 1"), "{kill}");
}

#[tokio::test]
async fn no_command_is_run_in_a_workspace_around_the_data_of_nanobot() {
    let mut house = House::new().await;
    house.settings.workspace = house.root.path().to_owned();
    house.settings.tools.sandbox = CommandSandbox::Landlock;
    let result = house.exec("cat data/config.json").await;
    assert!(result.starts_with("Error: no command can be run, because"), "{result}");
}

/// Whether `bwrap` is installed, and this system lets it build walls.
fn has_bubblewrap() -> bool {
    let mut probe = std::process::Command::new("bwrap");
    let probe = probe.args(["--ro-bind", "/", "/", "--unshare-pid", "true"]).output();
    probe.is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn a_command_inside_bubblewrap_stays_in_the_workspace() {
    let mut house = House::new().await;
    house.settings.tools.sandbox = CommandSandbox::Bubblewrap;
    if !has_bubblewrap() {
        eprintln!("skipped: bubblewrap does not run here. `apt-get install bubblewrap` may help.");
        let refused = house.exec("true").await;
        assert!(!refused.contains("Exit code: 0"), "no command without the walls: {refused}");
        return;
    }
    check_walls(&house).await;
    std::fs::create_dir(house.root.path().join("data/workspace/sessions")).expect("a folder");
    house.write("data/workspace/sessions/telegram_7.jsonl", "what others said");
    let sessions = house.exec("cat sessions/*; grep -r said .; ls sessions").await;
    assert!(
        !sessions.contains("what others said") && !sessions.contains("7.jsonl\n"),
        "{sessions}"
    );
    house.exec("echo x > sessions/telegram_7.jsonl").await;
    assert_eq!(house.read("data/workspace/sessions/telegram_7.jsonl"), "what others said");
}

#[tokio::test]
async fn unconfined_commands_are_possible_when_asked_for() {
    let mut house = House::new().await;
    house.settings.tools.sandbox = CommandSandbox::Unconfined;
    let outside = house.path("outside/secret.txt");
    assert_eq!(house.exec(&format!("cat {outside}")).await, "nobody may read this\n\nExit code: 0");
}

#[tokio::test]
async fn a_command_that_a_person_must_agree_to_is_not_run_where_nobody_can_be_asked() {
    let mut house = House::new().await;
    house.settings.tools.config.exec.approval = nanobot_config::ExecApproval::OnDenyPattern;
    let asked = house.exec("rm -rf notes").await;
    assert!(asked.contains("none can be asked"), "{asked}");
    assert!(house.exists("data/workspace/notes"));
    assert_eq!(house.exec("echo fine").await, "fine\n\nExit code: 0");
}
