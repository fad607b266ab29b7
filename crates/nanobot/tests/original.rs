//! A home as the Python program leaves it is picked up and used as it is.

use std::path::Path;

use nanobot_test_support::{FakeModel, FakeReply, FakeTelegram, TestGateway};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");
const PERSON: i64 = 7;

/// The config as `onboard` of the Python program writes it, with all its defaults.
const CONFIG: &str = include_str!("../../nanobot-config/tests/config/original.json");

/// A session with a call of a tool, as the Python program writes it.
const SESSION: &str = concat!(
    r#"{"_type": "metadata", "key": "telegram:7", "created_at": "2026-04-05T10:00:00.000001", "updated_at": "2026-04-05T10:01:00.000001", "metadata": {}, "last_consolidated": 0}"#,
    "\n",
    r#"{"role": "user", "content": "Where is the key?", "timestamp": "2026-04-05T10:00:00.000001"}"#,
    "\n",
    r#"{"role": "assistant", "content": "", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "read_file", "arguments": "{\"path\": \"notes.md\"}"}}], "timestamp": "2026-04-05T10:00:01.000001"}"#,
    "\n",
    r#"{"role": "tool", "content": "The key is under the mat.", "tool_call_id": "call_1", "name": "read_file", "timestamp": "2026-04-05T10:00:02.000001"}"#,
    "\n",
    r#"{"role": "assistant", "content": "Under the mat.", "timestamp": "2026-04-05T10:00:03.000001"}"#,
    "\n",
);

fn write(home: &Path, path: &str, text: &str) {
    let path = home.join(".nanobot").join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
    std::fs::write(path, text).expect("a file can be written");
}

fn config(model: &FakeModel, telegram: &FakeTelegram) -> String {
    let mut config: Value = serde_json::from_str(CONFIG).expect("it is JSON");
    config["agents"]["defaults"]["model"] = json!("test-model");
    config["agents"]["defaults"]["provider"] = json!("custom");
    config["providers"]["custom"] =
        json!({"apiKey": "key", "apiBase": model.base_url(), "extraHeaders": null});
    config["channels"]["telegram"]["enabled"] = json!(true);
    config["channels"]["telegram"]["token"] = json!(telegram.token());
    config["channels"]["telegram"]["allowFrom"] = json!([PERSON.to_string()]);
    config["channels"]["telegram"]["apiBase"] = json!(telegram.api_base());
    config["tools"]["mcpServers"] = json!({});
    serde_json::to_string_pretty(&config).expect("it is JSON")
}

#[tokio::test]
async fn history_memory_skills_and_bootstrap_files_reach_the_model() {
    let (model, telegram) = (FakeModel::start().await, FakeTelegram::start().await);
    let home = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("config.json", config(&model, &telegram).as_str()),
        ("workspace/AGENTS.md", "Call everybody captain."),
        ("workspace/SOUL.md", "You are patient."),
        ("workspace/USER.md", "The user keeps bees."),
        ("workspace/TOOLS.md", "Prefer short commands."),
        ("workspace/HEARTBEAT.md", "Nothing to do."),
        ("workspace/memory/MEMORY.md", "The hive stands in the north."),
        ("workspace/memory/history.jsonl", ""),
        (
            "workspace/skills/honey/SKILL.md",
            "---\nname: honey\ndescription: Harvest honey.\n---\nUse smoke.",
        ),
        (
            "workspace/skills/always/SKILL.md",
            "---\nname: always\ndescription: x\nmetadata: {\"nanobot\": {\"always\": true}}\n---\nNever sting.",
        ),
        ("workspace/sessions/telegram_7.jsonl", SESSION),
        (
            "workspace/sessions/telegram_8.jsonl",
            "{\"role\":\"user\",\"content\":\"a secret of others\"}\n",
        ),
    ] {
        write(home.path(), path, text);
    }
    let written = std::fs::read_to_string(home.path().join(".nanobot/config.json")).expect("ours");
    model.push(FakeReply::tool_call("exec", &json!({"command": "cat sessions/*; ls -R ."})));
    model.push(FakeReply::text("Still there, captain."));
    let gateway = TestGateway::builder(BINARY).home(home).without_config().start().await;
    telegram.person_writes(PERSON, "Is it still there?");
    let shown =
        |it: &FakeTelegram| it.shown(PERSON).iter().any(|it| it.text == "Still there, captain.");
    telegram.wait_until("the answer is shown", shown).await;

    let request = model.last_request();
    let messages = request.messages();
    let (role, prompt) = messages[0];
    assert_eq!(role, "system");
    for expected in [
        "Call everybody captain.",
        "You are patient.",
        "The user keeps bees.",
        "Prefer short commands.",
        "The hive stands in the north.",
        "Harvest honey.",
        "Never sting.",
    ] {
        assert!(prompt.contains(expected), "{expected}: {prompt}");
    }
    assert!(!prompt.contains("Use smoke."), "a skill is read when it is needed");
    let roles: Vec<&str> = messages.iter().map(|(role, _)| *role).collect();
    let expected =
        ["system", "user", "assistant", "tool", "assistant", "user", "assistant", "tool"];
    assert_eq!(roles, expected);
    assert_eq!((messages[1].1, messages[4].1), ("Where is the key?", "Under the mat."));
    assert_eq!(messages[3].1, "The key is under the mat.");
    assert_eq!(request.last_user_text(), "Is it still there?");
    let ran = messages[7].1;
    assert!(ran.contains("HEARTBEAT.md") && !ran.contains("a secret of others"), "{ran}");

    let data_dir = gateway.data_dir();
    let left = std::fs::read_to_string(data_dir.join("config.json")).expect("it is there");
    assert_eq!(left, written, "the config stays as it is");
    let kept = std::fs::read_to_string(data_dir.join("sessions/telegram_7.jsonl"));
    assert_eq!(kept.expect("the file was put aside"), SESSION);
}
