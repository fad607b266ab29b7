//! Tools of MCP servers, called by a fake model.
#![cfg(feature = "mcp")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use nanobot_agent::{Agent, AgentSettings};
use nanobot_config::McpServer;
use nanobot_test_support::{FakeModel, FakeReply};
use serde_json::{Value, json};
use support::{run, settings, turn};

/// A server over standard input and output, in plain shell.
const FAKE_SERVER: &str = r#"
echo started >> starts
answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
text() { answer '{"content":[{"type":"text","text":"'"$1"'"}],"isError":'"${2:-false}"'}'; }
echo "a word for the log" >&2
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  [ -n "$id" ] || continue
  case "$line" in
    *'"method":"initialize"'*)
      answer '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"fake","version":"1"}}' ;;
    *'"method":"tools/list"'*)
      answer '{"tools":[{"name":"greet","description":"Greets","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}},{"name":"fail","inputSchema":{"type":"object"}},{"name":"die","inputSchema":{"type":"object"}},{"name":"hang","inputSchema":{"type":"object"}},{"name":"env","inputSchema":{"type":"object"}},{"name":"chatter","inputSchema":{"type":"object"}}]}' ;;
    *'"name":"greet"'*) text "hello $GREETED" ;;
    *'"name":"env"'*) text "$(env | sed 's/=.*//' | sort | tr '\n' ' ')" ;;
    *'"name":"chatter"'*) head -c 200000 /dev/zero | tr '\0' x >&2; echo >&2; text "still here" ;;
    *'"name":"fail"'*) text "it went wrong" true ;;
    *'"name":"die"'*) exit 1 ;;
    *'"name":"hang"'*) ;;
    *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"method not found"}}\n' "$id" ;;
  esac
done
"#;

struct House {
    folder: tempfile::TempDir,
    fake: FakeModel,
    settings: AgentSettings,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let script = format!("cd '{}'\n{FAKE_SERVER}", folder.path().display());
        std::fs::write(folder.path().join("server.sh"), script).expect("the script is written");
        let fake = FakeModel::start().await;
        let settings = settings(&fake);
        let mut house = Self { folder, fake, settings };
        house.add("files", &json!({"env": {"GREETED": "Ann"}}));
        house
    }

    /// Configures a server; without a command it is the fake one.
    fn add(&mut self, name: &str, config: &Value) {
        let mut config: McpServer =
            serde_json::from_value(config.clone()).expect("the configuration is valid");
        if config.command.is_none() && config.url.is_none() {
            config.command = Some("sh".to_owned());
            config.args = vec![self.folder.path().join("server.sh").display().to_string()];
        }
        self.settings.tools.config.mcp_servers.insert(name.to_owned(), config);
    }

    /// Lets the model call one tool after another; gives what it was told.
    async fn call(&self, agent: &Agent, tools: &[&str]) -> Vec<String> {
        for tool in tools {
            self.fake.push(FakeReply::tool_call(tool, &json!({})));
        }
        self.fake.push(FakeReply::text("done"));
        let (outcome, _) = run(agent, turn("go")).await;
        assert_eq!(outcome.reply, "done");
        self.fake.last_request().tool_results().into_iter().map(str::to_owned).collect()
    }

    fn starts(&self) -> usize {
        let starts = std::fs::read_to_string(self.folder.path().join("starts"));
        starts.map_or(0, |starts| starts.lines().count())
    }
}

#[tokio::test]
async fn tools_of_a_server_are_offered_and_called() {
    let house = House::new().await;
    let agent = Agent::new(house.settings.clone());
    let results = house.call(&agent, &["mcp_files_greet", "mcp_files_fail"]).await;
    assert_eq!(results, ["hello Ann", "Error: it went wrong"]);
    let offered =
        ["greet", "fail", "die", "hang", "env", "chatter"].map(|tool| format!("mcp_files_{tool}"));
    assert_eq!(house.fake.last_request().tool_names(), offered);
    assert_eq!(house.starts(), 1);
}

#[tokio::test]
async fn a_server_gets_its_own_environment_only() {
    let house = House::new().await;
    let agent = Agent::new(house.settings.clone());
    let environment = house.call(&agent, &["mcp_files_env"]).await.concat();
    assert!(environment.contains("GREETED") && environment.contains("PATH"), "{environment}");
    assert!(!environment.contains("CARGO"), "{environment}");
}

#[tokio::test]
async fn only_enabled_tools_are_offered() {
    let mut house = House::new().await;
    house.add("files", &json!({"enabledTools": ["greet", "mcp_files_fail"]}));
    house.call(&Agent::new(house.settings.clone()), &[]).await;
    assert_eq!(house.fake.last_request().tool_names(), ["mcp_files_greet", "mcp_files_fail"]);
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_is_used_again() {
    let house = House::new().await;
    let agent = Agent::new(house.settings.clone());
    // A server that has just come up is not started again at once; the call waits for that.
    let results = house.call(&agent, &["mcp_files_die", "mcp_files_greet"]).await;
    assert!(results[0].starts_with("Error: the connection to the MCP server `files` broke"));
    assert_eq!((results[1].as_str(), house.starts()), ("hello Ann", 2));
}

#[tokio::test]
async fn a_server_may_write_lines_of_any_length_to_its_log() {
    let house = House::new().await;
    let agent = Agent::new(house.settings.clone());
    let results = house.call(&agent, &["mcp_files_chatter", "mcp_files_chatter"]).await;
    assert_eq!((results, house.starts()), (vec!["still here".to_owned(); 2], 1));
}

#[tokio::test]
async fn a_dead_or_slow_server_harms_nobody() {
    let mut house = House::new().await;
    house.add("dead", &json!({"command": "/no/such/program"}));
    house.add("silent", &json!({"command": "sleep", "args": ["600"]}));
    house.add("gone", &json!({"url": "http://127.0.0.1:1/mcp"}));
    house.add("empty", &json!({"type": "stdio"}));
    house.settings.tools.config.mcp_servers["empty"].command = None;
    let agent = Agent::new(house.settings.clone());
    let started = Instant::now();
    assert_eq!(house.call(&agent, &["mcp_files_greet"]).await, ["hello Ann"]);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_call_without_an_answer_ends_at_its_limit() {
    let mut house = House::new().await;
    house.add("files", &json!({"toolTimeout": 1, "env": {"GREETED": "Ann"}}));
    let agent = Agent::new(house.settings.clone());
    let results = house.call(&agent, &["mcp_files_hang", "mcp_files_greet"]).await;
    let expected = "Error: the MCP server `files` did not answer within 1 seconds";
    assert_eq!(results, [expected, "hello Ann"]);
}

/// The program ends with the agent, and leaves no time to clean up.
#[test]
fn a_server_ends_with_the_program_and_so_do_its_children() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let process = runtime.block_on(async {
        let mut house = House::new().await;
        let folder = house.folder.path().display();
        let start = format!("sleep 600 & echo $! > {folder}/child; sh {folder}/server.sh; wait");
        house.add("files", &json!({"command": "sh", "args": ["-c", start]}));
        let agent = Agent::new(house.settings.clone());
        house.call(&agent, &["mcp_files_greet"]).await;
        let child = std::fs::read_to_string(house.folder.path().join("child")).expect("a child");
        Path::new("/proc").join(child.trim())
    });
    drop(runtime);
    let is_gone = || {
        let status = std::fs::read_to_string(process.join("status"));
        status.map_or(true, |status| status.contains("State:\tZ"))
    };
    while !is_gone() {
        std::thread::yield_now();
    }
}

/// Run it with `cargo test -p nanobot-agent --test mcp -- --ignored`.
#[tokio::test]
#[ignore = "fetches a package from npm"]
async fn an_official_server_is_used_killed_and_used_again() {
    let mut house = House::new().await;
    house.settings.tools.config.mcp_servers.clear();
    let args = json!(["-y", "@modelcontextprotocol/server-everything"]);
    house.add("everything", &json!({"command": "npx", "args": args}));
    let agent = Agent::new(house.settings.clone());
    let echo = |text: &str| FakeReply::tool_call("mcp_everything_echo", &json!({"message": text}));
    let is_up = || house.fake.last_request().tool_names().contains(&"mcp_everything_echo");
    loop {
        run(&agent, turn("are you up?")).await;
        if is_up() {
            break;
        }
    }
    house.fake.push(echo("tea"));
    run(&agent, turn("go")).await;
    assert_eq!(house.fake.last_request().tool_results(), ["Echo: tea"]);
    let own_groups =
        "kill -9 $(ps -eo pid,ppid,pgid | awk -v me=$1 '$2==me && $1==$3 {print \"-\"$1}')";
    let killed = std::process::Command::new("sh")
        .args(["-c", own_groups, "sh"])
        .arg(std::process::id().to_string())
        .status();
    assert!(killed.is_ok_and(|status| status.success()));
    loop {
        house.fake.push(echo("again"));
        run(&agent, turn("go")).await;
        if house.fake.last_request().tool_results() == ["Echo: again"] {
            break;
        }
    }
}
