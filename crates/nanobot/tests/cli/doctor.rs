use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use nanobot_test_support::{FakeModel, TestGateway};
use serde_json::{Value, json};

use crate::books;
use crate::home::{BINARY, BROKEN_PLUGIN, GOOD_PLUGIN, Home};

/// What a run found, which ended with this status.
struct Examined(Value);

impl Examined {
    #[track_caller]
    fn of(home: &Home, status: i32) -> Self {
        let ran = home.run(&["doctor", "--json"]);
        assert_eq!(ran.status, Some(status), "{ran:#?}");
        Self::parse(&ran.stdout)
    }

    fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("the report is JSON"))
    }

    fn findings(&self, area: &str) -> Vec<&Value> {
        let areas = self.0["areas"].as_array().expect("there are areas").iter();
        let areas = areas.filter(|it| it["area"] == area);
        areas.flat_map(|it| it["findings"].as_array().expect("there are findings")).collect()
    }

    /// Requires a finding with this text; its level and its hint.
    #[track_caller]
    fn find(&self, area: &str, text: &str) -> (&str, &str) {
        let found = self
            .findings(area)
            .into_iter()
            .find(|it| it["message"].as_str().is_some_and(|message| message.contains(text)));
        let found = found.unwrap_or_else(|| panic!("{area}: no {text:?} in {:#}", self.0));
        let text = |key: &str| found[key].as_str().unwrap_or_default();
        (text("level"), text("hint"))
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("our file");
}

#[test]
fn an_empty_home_has_nothing_broken_and_each_warning_says_what_to_do() {
    let home = Home::new();
    let examined = Examined::of(&home, 0);
    assert_eq!(examined.0["verdict"], "warning");
    let (level, hint) = examined.find("config", "does not exist; the defaults apply");
    assert_eq!((level, hint), ("warning", "`nanobot onboard` writes it"));
    let (level, _) = examined.find("model", "no model is configured");
    assert_eq!(level, "warning");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "nothing was made");
    let ran = home.run(&["doctor"]);
    assert!(ran.stdout.contains("config\n  ! warning  "), "{ran:#?}");
    assert!(ran.stdout.contains("\nNothing is broken; "), "{ran:#?}");
    assert!(!ran.stdout.contains('\u{1b}') && ran.stderr.is_empty(), "{ran:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_in_order_is_told_so() {
    let model = FakeModel::start().await;
    let home = Home::with_config(&json!({
        "agents": {"defaults": {"provider": "custom", "model": "m"}},
        "providers": {"custom": {"apiBase": model.base_url(), "apiKey": "sk-secret"}},
        "tools": {"exec": {"enable": false}},
    }));
    set_mode(&home.data_dir(), 0o700);
    let ran = home.run(&["doctor"]);
    assert!(ran.stdout.ends_with("\n✓ All is well.\n"), "{ran:#?}");
    assert!(!ran.stdout.contains("sk-secret"), "{ran:#?}");
    assert!(model.requests().is_empty(), "no model was asked");
    ran.succeeded();
}

#[test]
fn a_config_that_cannot_be_used_is_a_problem_with_its_place_and_the_rest_is_looked_at() {
    let home = Home::with_config_text("{\n  \"gateway\": {\"port\": \"high\"}\n}");
    let examined = Examined::of(&home, 1);
    assert_eq!(examined.0["verdict"], "problem");
    assert_eq!(examined.find("config", "config.json:2:23: gateway.port").0, "problem");
    assert_eq!(examined.find("data", "can be written").0, "ok");
    assert!(examined.findings("channels").is_empty());
}

#[test]
fn missing_variables_and_unknown_keys_are_told() {
    let home = Home::with_config(&json!({
        "agents": {"defaults": {"modle": "x"}},
        "channels": {"telegram": {"enabled": false, "token": "${NO_SUCH_TOKEN}"}}
    }));
    let examined = Examined::of(&home, 0);
    assert_eq!(examined.find("config", "agents.defaults.modle").0, "warning");
    assert_eq!(examined.find("config", "NO_SUCH_TOKEN").0, "warning");
    let enabled = json!({"channels": {"telegram": {"enabled": true, "token": "${NO_SUCH_TOKEN}"}}});
    let examined = Examined::of(&Home::with_config(&enabled), 1);
    assert_eq!(examined.find("config", "NO_SUCH_TOKEN").0, "problem");
    let without = json!({"channels": {"telegram": {"enabled": true, "token": ""}}});
    let examined = Examined::of(&Home::with_config(&without), 1);
    assert_eq!(examined.find("config", "channels.telegram.token").0, "problem");
}

#[test]
fn secrets_that_others_can_read_are_told_with_the_command_that_closes_them() {
    let home = Home::with_config(&json!({}));
    set_mode(&home.data_dir(), 0o755);
    set_mode(&home.config_file(), 0o644);
    let examined = Examined::of(&home, 0);
    let (level, hint) = examined.find("data", "config.json is open to other users");
    assert_eq!(level, "warning");
    assert_eq!(hint, format!("`chmod go= {}` closes it", home.config_file().display()));
    set_mode(&home.config_file(), 0o600);
    assert_eq!(Examined::of(&home, 0).find("data", "no other user can read").0, "ok");
}

#[test]
fn a_clock_that_runs_behind_the_files_is_a_problem() {
    let home = Home::with_config(&json!({}));
    let tomorrow = std::time::SystemTime::now() + std::time::Duration::from_secs(86_400);
    File::options().append(true).open(home.config_file()).unwrap().set_modified(tomorrow).unwrap();
    assert_eq!(Examined::of(&home, 1).find("data", "the clock is behind: ").0, "problem");
}

#[test]
fn channels_that_cannot_run_and_those_that_nobody_can_use_are_told() {
    let home = Home::with_config(&json!({"channels": {
        "parot": {"enabled": true},
        "broken": {"enabled": true, "allowFrom": ["*"]},
        "parrot": {"enabled": true},
    }}));
    home.install("parrot", GOOD_PLUGIN);
    home.install("broken", BROKEN_PLUGIN);
    home.install("web", GOOD_PLUGIN);
    let examined = Examined::of(&home, 1);
    let (level, hint) = examined.find("channels", "named \"parot\" is installed");
    assert_eq!((level, hint), ("problem", "did you mean `parrot`?"));
    let (level, hint) = examined.find("channels", "channels.broken: the plugin cannot start: ");
    assert_eq!((level, hint), ("problem", "`nanobot plugins describe broken` shows more"));
    assert_eq!(examined.find("channels", "channels.parrot: Parrot is ready to run").0, "ok");
    assert_eq!(examined.find("channels", "channels.parrot.allowFrom is empty").0, "warning");
    let (level, hint) = examined.find("channels", "channels.parrot: nobody has logged in yet");
    assert_eq!((level, hint), ("warning", "run `nanobot channels login parrot`"));
    assert_eq!(examined.find("channels", "the built-in channel of that name").0, "warning");
}

#[test]
fn a_section_that_a_plugin_cannot_take_is_told_by_the_key() {
    let home = Home::with_config(&json!({"channels": {
        "parrot": {"enabled": true, "allowFrom": ["*"], "port": "high"}
    }}));
    let schema = r#"{\"type\":\"object\",\"properties\":{\"port\":{\"type\":\"integer\"}}}"#;
    home.install("parrot", &GOOD_PLUGIN.replace(r#"{\"type\":\"object\"}"#, schema));
    let examined = Examined::of(&home, 1);
    let (level, hint) = examined.find("channels", "channels.parrot.port must be a whole number");
    assert_eq!(level, "problem");
    assert_eq!(hint, format!("change it in {}", home.config_file().display()));
}

#[test]
fn a_chat_page_that_everybody_could_open_is_told() {
    let open = |web: Value| json!({"gateway": {"host": "0.0.0.0"}, "channels": {"web": web}});
    let examined = Examined::of(&Home::with_config(&open(json!({}))), 0);
    assert_eq!(examined.find("channels", "the chat page is off: ").0, "warning");
    let examined = Examined::of(&Home::with_config(&open(json!({"enabled": true}))), 1);
    assert_eq!(examined.find("channels", "channels.web cannot run: ").0, "problem");
}

#[test]
fn a_model_without_a_key_or_a_server_is_a_problem() {
    let home = Home::with_config(&json!({
        "agents": {"defaults": {"model": "anthropic/claude-opus-4-5"}}
    }));
    let examined = Examined::of(&home, 1);
    let (level, hint) = examined.find("model", "anthropic/claude-opus-4-5 cannot be asked");
    assert!(level == "problem" && hint.contains("providers.anthropic.apiKey"), "{hint}");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", nobody.local_addr().unwrap());
    drop(nobody);
    let home = Home::with_config(&json!({
        "agents": {"defaults": {"provider": "custom", "model": "m"}},
        "providers": {"custom": {"apiBase": base.replace("//", "//ada:secret@")}},
    }));
    let examined = Examined::of(&home, 1);
    assert!(!examined.0.to_string().contains("secret"), "{:#}", examined.0);
    let (level, hint) = examined.find("model", &format!("cannot be reached at {base}: "));
    assert!(level == "problem" && hint.contains("providers.custom"), "{hint}");
}

#[tokio::test]
async fn what_waits_in_the_ledger_is_counted() {
    let home = Home::with_config(&json!({}));
    assert_eq!(Examined::of(&home, 0).find("ledger", "there is no ledger yet").0, "ok");
    books::fill(&home).await;
    let examined = Examined::of(&home, 0);
    assert_eq!(examined.find("ledger", "is sound, and of version ").0, "ok");
    let (level, hint) = examined.find("ledger", "2 deliveries could not be made");
    assert_eq!((level, hint), ("warning", "`nanobot deliveries --state dead,held` shows them"));
    assert_eq!(examined.find("ledger", "1 message waits for an answer").0, "warning");
}

#[test]
fn a_damaged_ledger_is_a_problem() {
    let home = Home::with_config(&json!({}));
    std::fs::write(home.data_dir().join("ledger.sqlite"), "x".repeat(8192)).unwrap();
    let examined = Examined::of(&home, 1);
    let (level, hint) = examined.find("ledger", "is damaged");
    assert!(level == "problem" && hint.contains("nothing was changed"), "{hint}");
}

#[test]
fn what_a_killed_gateway_left_is_told_apart_from_one_that_does_not_answer() {
    let home = Home::with_config(&json!({}));
    assert_eq!(Examined::of(&home, 0).find("gateway", "no gateway is running").0, "ok");
    std::fs::create_dir(home.data_dir().join("run")).unwrap();
    drop(UnixListener::bind(home.data_dir().join("run/gateway.sock")).unwrap());
    let examined = Examined::of(&home, 0);
    assert_eq!(examined.find("gateway", "was killed and left its socket").0, "warning");

    let lock = home.data_dir().join("gateway.lock");
    std::fs::write(&lock, std::process::id().to_string()).unwrap();
    let held = File::open(&lock).unwrap();
    held.lock().unwrap();
    let examined = Examined::of(&home, 1);
    let text = format!("process {} holds ", std::process::id());
    assert_eq!(examined.find("gateway", &text).0, "problem");
    drop(held);
    let examined = Examined::of(&home, 0);
    assert_eq!(examined.find("gateway", "was killed and left its socket").0, "warning");
}

#[tokio::test]
async fn a_running_gateway_is_asked_and_not_disturbed() {
    let home = Home::with_config(&json!({"channels": {
        "broken": {"enabled": true, "allowFrom": ["*"]},
        "parrot": {"enabled": true, "allowFrom": ["ada"]},
    }}));
    home.install("parrot", GOOD_PLUGIN);
    home.install("broken", BROKEN_PLUGIN);
    let gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    let args = ["doctor", "--json"];
    let report =
        gateway.command_until(BINARY, &args, |report| report.contains("Parrot is connected")).await;
    let examined = Examined::parse(&report);
    let running = format!("a gateway is running at {}", gateway.address());
    assert_eq!(examined.find("gateway", &running).0, "ok");
    assert_eq!(examined.find("ledger", "the running gateway holds the ledger").0, "ok");
    assert_eq!(examined.find("channels", "channels.parrot: Parrot is connected").0, "ok");
    assert_eq!(examined.find("channels", "channels.broken: the plugin cannot start").0, "problem");
    assert_eq!(gateway.command(BINARY, &args).await.status.code(), Some(1));
    assert_eq!(gateway.get("/health").await.0, 200);
}

#[test]
fn commands_that_are_not_locked_in_as_wanted_are_told() {
    let sandbox = |name: &str| json!({"tools": {"exec": {"sandbox": name}}});
    let home = Home::with_config(&sandbox("bwrap"));
    let ran = home.run_with(&["doctor", "--json"], &[("PATH", "/nowhere")], "");
    let examined = Examined::parse(&ran.stdout);
    let (level, hint) = examined.find("machine", "bubblewrap (`bwrap`) is not installed");
    assert_eq!((level, hint), ("problem", "install it, or change tools.exec.sandbox"));
    assert_eq!(ran.status, Some(1));
    let examined = Examined::of(&Home::with_config(&sandbox("none")), 0);
    assert_eq!(examined.find("machine", "are not locked in").0, "warning");
}
