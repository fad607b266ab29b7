//! The tools that every agent has, called by a fake model over real HTTP.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use nanobot_agent::{Agent, AgentSettings, CommandSandbox, Ending};
use nanobot_test_support::{FakeModel, FakeReply};
use serde_json::{Value, json};
use support::{Ears, run, settings, turn};
use tempfile::TempDir;
use tokio::join;

/// An agent whose workspace lies in a data folder with secrets, as it usually does.
struct House {
    root: TempDir,
    fake: FakeModel,
    settings: AgentSettings,
}

impl House {
    async fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for folder in ["data/workspace/notes", "data/media/telegram", "outside"] {
            std::fs::create_dir_all(root.path().join(folder)).expect("the folder is created");
        }
        let fake = FakeModel::start().await;
        let mut settings = settings(&fake).with_data_dir(root.path().join("data"));
        settings.workspace = root.path().join("data/workspace");
        let house = Self { root, fake, settings };
        house.write("data/config.json", "the-key-of-the-house");
        house.write("outside/secret.txt", "nobody may read this");
        house.write("data/media/telegram/cat.png", "a picture");
        house
    }

    fn path(&self, path: &str) -> String {
        self.root.path().join(path).display().to_string()
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.root.path().join(path), text).expect("the file is written");
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.path().join(path)).expect("the file is read")
    }

    fn exists(&self, path: &str) -> bool {
        self.root.path().join(path).exists()
    }

    /// Lets the model use a tool; gives what it was told.
    async fn call(&self, tool: &str, arguments: Value) -> String {
        self.fake.push(FakeReply::tool_call(tool, &arguments));
        self.fake.push(FakeReply::text("done"));
        let (outcome, _) = run(&Agent::new(self.settings.clone()), turn("go")).await;
        assert_eq!(outcome.ending, Ending::Complete);
        self.fake.last_request().tool_results()[0].to_owned()
    }

    async fn exec(&self, command: &str) -> String {
        self.call("exec", json!({"command": command})).await
    }
}

#[tokio::test]
async fn files_are_written_read_edited_and_listed() {
    let house = House::new().await;
    let text = "one\ntwo\nthree\n";
    let wrote = house.call("write_file", json!({"path": "notes/new/a.txt", "content": text})).await;
    assert_eq!(wrote, "Wrote 14 bytes to notes/new/a.txt.");
    let edit = json!({"path": "notes/new/a.txt", "old_text": "two", "new_text": "2"});
    assert_eq!(house.call("edit_file", edit).await, "Replaced 1 occurrence(s) in notes/new/a.txt.");
    assert_eq!(house.read("data/workspace/notes/new/a.txt"), "one\n2\nthree\n");
    let page = house.call("read_file", json!({"path": "notes/new/a.txt", "offset": "2"})).await;
    assert_eq!(page, "2| 2\n3| three\n(End of file, 3 lines.)");
    let list = house.call("list_dir", json!({"path": ".", "recursive": true})).await;
    assert_eq!(list, "notes/\nnotes/new/\nnotes/new/a.txt");
    let missing = house.call("read_file", json!({"path": "nothing"})).await;
    assert!(missing.starts_with("Error: cannot read nothing: No such file"), "{missing}");
    house.write("data/workspace/binary", "a\0b");
    let binary = house.call("read_file", json!({"path": "binary"})).await;
    assert_eq!(binary, "Error: binary is not a text file (3 bytes)");
    let skill = house.call("read_file", json!({"path": "skills:weather"})).await;
    assert!(skill.contains("# Weather"), "{skill}");
}

#[tokio::test]
async fn a_file_in_another_encoding_is_read_and_not_damaged() {
    let house = House::new().await;
    let bytes = b"gr\xfcner Tee\n";
    std::fs::write(house.path("data/workspace/tea.txt"), bytes).expect("the file is written");
    let read = house.call("read_file", json!({"path": "tea.txt"})).await;
    assert!(read.contains("gr\u{fffd}ner Tee"), "{read}");
    let arguments = json!({"path": "tea.txt", "old_text": "Tee", "new_text": "Kaffee"});
    let refused = house.call("edit_file", arguments).await;
    assert!(refused.contains("tea.txt is not UTF-8 text"), "{refused}");
    assert_eq!(
        std::fs::read(house.path("data/workspace/tea.txt")).expect("the file is there"),
        bytes
    );
}

#[tokio::test]
async fn files_and_text_in_them_are_found() {
    let house = House::new().await;
    house.write("data/workspace/.gitignore", "ignored.md\n");
    house.write("data/workspace/ignored.md", "tea");
    house.write("data/workspace/notes/a.md", "Tea at four\nmilk\nmore tea\n");
    house.write("data/workspace/notes/b.txt", "tea");
    assert_eq!(house.call("glob", json!({"pattern": "*.md"})).await, "notes/a.md");
    assert_eq!(house.call("glob", json!({"pattern": "*.rs"})).await, "No file matches.");
    let files = house.call("grep", json!({"pattern": "tea"})).await;
    assert_eq!(files, "notes/a.md\nnotes/b.txt");
    let lines = json!({
        "pattern": "^tea", "case_insensitive": true, "glob": "*.md", "output_mode": "content",
        "context_after": 1,
    });
    assert_eq!(house.call("grep", lines).await, "notes/a.md:1:Tea at four\nnotes/a.md-2-milk");
    let counts = json!({"pattern": "TEA", "case_insensitive": true, "output_mode": "count"});
    assert_eq!(house.call("grep", counts).await, "notes/a.md: 2\nnotes/b.txt: 1");
    let one = json!({"pattern": "more", "path": "notes/a.md", "output_mode": "content"});
    assert_eq!(house.call("grep", one).await, "notes/a.md:3:more tea");
    let bad = house.call("grep", json!({"pattern": "("})).await;
    assert!(bad.starts_with("Error: the pattern is not valid"), "{bad}");
}

#[tokio::test]
async fn the_data_of_nanobot_is_hidden_from_each_tool() {
    let house = House::new().await;
    house.write("data/workspace/mine.txt", "the-key-of-the-house is not here");
    let data = house.path("data");
    for (tool, arguments) in [
        ("read_file", json!({"path": "../config.json"})),
        ("write_file", json!({"path": "../config.json", "content": "x"})),
        ("edit_file", json!({"path": "../config.json", "old_text": "key", "new_text": "x"})),
        ("list_dir", json!({"path": data})),
        ("grep", json!({"pattern": "key", "path": data})),
        ("glob", json!({"pattern": "*.json", "path": data})),
        ("read_file", json!({"path": "/proc/self/environ"})),
        ("read_file", json!({"path": "/dev/stdin"})),
        ("grep", json!({"pattern": "CARGO", "path": "/proc/self/environ"})),
    ] {
        let result = house.call(tool, arguments).await;
        assert!(result.contains("outside of the folders"), "{tool}: {result}");
    }
    let above = house.path("");
    let found = house.call("grep", json!({"pattern": "the-key", "path": above})).await;
    assert_eq!(found, "mine.txt");
    let listed = house.call("list_dir", json!({"path": above, "recursive": true})).await;
    assert!(!listed.contains("config.json"), "{listed}");
    assert_eq!(house.read("data/config.json"), "the-key-of-the-house");
}

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
async fn web_fetch_knocks_at_no_door_of_this_machine_however_it_is_spelt() {
    let house = House::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let port = listener.local_addr().expect("an address").port();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "a@127.0.0.1",
    ];
    for host in hosts {
        let url = json!({"url": format!("http://{host}:{port}/")});
        let result = house.call("web_fetch", url).await;
        assert!(result.contains("private network"), "{host}: {result}");
    }
    let nobody = listener.accept().expect_err("nobody has knocked");
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn tools_that_are_switched_off_are_not_offered() {
    let mut house = House::new().await;
    house.settings.tools.config.exec.enable = false;
    house.settings.tools.config.web.enable = false;
    run(&Agent::new(house.settings.clone()), turn("go")).await;
    let request = house.fake.last_request();
    let expected = ["read_file", "write_file", "edit_file", "list_dir", "glob", "grep"];
    assert_eq!(request.tool_names(), expected);
}

async fn send(house: &House, arguments: Value) -> (String, Ears, String) {
    house.fake.push(FakeReply::tool_call("message", &arguments));
    house.fake.push(FakeReply::blank());
    house.fake.set_default(FakeReply::blank());
    let ears = Ears::with_outbox();
    let outcome = Agent::new(house.settings.clone()).run_turn(turn("go"), &ears).await;
    let result = house.fake.requests()[1].tool_results()[0].to_owned();
    (result, ears, outcome.reply)
}

#[tokio::test]
async fn a_message_with_a_file_is_sent_to_this_chat_and_may_be_the_whole_answer() {
    let house = House::new().await;
    let cat = house.path("data/media/telegram/cat.png");
    let arguments = json!({"content": "A cat", "media": [cat]});
    let (result, ears, reply) = send(&house, arguments).await;
    assert!(result.starts_with("Sent to this chat."), "{result}");
    let sent = ears.sent();
    assert_eq!((sent.len(), sent[0].text.as_str(), sent[0].chat_id.as_str()), (1, "A cat", "1"));
    assert!(sent[0].is_to_origin && sent[0].media[0].ends_with("telegram/cat.png"));
    assert_eq!(reply, "", "nothing more is said");
}

#[tokio::test]
async fn words_after_a_message_that_was_the_answer_are_kept_but_not_said() {
    let house = House::new().await;
    house.fake.push(FakeReply::tool_call("message", &json!({"content": "42"})));
    house.fake.push(FakeReply::text("I have told them."));
    let ears = Ears::with_outbox();
    let outcome = Agent::new(house.settings.clone()).run_turn(turn("go"), &ears).await;
    assert_eq!((outcome.reply.as_str(), ears.pieces().len()), ("", 0));
    assert_eq!(outcome.history.last().expect("an entry").content, "I have told them.");
}

#[tokio::test]
async fn a_failure_after_a_message_is_said() {
    let house = House::new().await;
    house.fake.push(FakeReply::tool_call("message", &json!({"content": "42"})));
    house.fake.push(FakeReply::status(401, ""));
    let ears = Ears::with_outbox();
    let outcome = Agent::new(house.settings.clone()).run_turn(turn("go"), &ears).await;
    assert_eq!(outcome.ending, Ending::Failed);
    assert!(ears.text().contains("did not accept the API key"), "{}", ears.text());
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

#[tokio::test]
async fn a_message_to_another_chat_does_not_replace_the_answer() {
    let house = House::new().await;
    let arguments = json!({"content": "Hi", "channel": "email", "chat_id": "bob"});
    let (result, ears, reply) = send(&house, arguments).await;
    assert_eq!(result, "Sent to email:bob.");
    assert!(!ears.sent()[0].is_to_origin);
    assert!(reply.starts_with("The model ended its turn without a word"), "{reply}");
}

#[tokio::test]
async fn a_message_takes_no_file_from_elsewhere_and_tells_of_failures() {
    for (arguments, expected) in [
        (json!({"content": "x", "media": ["../config.json"]}), "outside of the folders"),
        (json!({"content": "x", "media": ["OUTSIDE"]}), "may not be sent"),
        (json!({"content": "x", "channel": "nowhere", "chat_id": "1"}), "there is no channel"),
        (json!({"content": "x", "channel": "email"}), "another channel needs a chat_id"),
    ] {
        let house = House::new().await;
        let outside = house.path("outside/secret.txt");
        let arguments = arguments.to_string().replace("OUTSIDE", &outside);
        let arguments = serde_json::from_str(&arguments).expect("JSON");
        let (result, ears, _) = send(&house, arguments).await;
        assert!(result.contains(expected), "{result}");
        assert!(ears.sent().is_empty());
    }
}
