//! A message on Telegram, through the whole program to a model server and back.

use nanobot_test_support::{FakeModel, FakeReply, FakeTelegram, TestGateway};
use serde_json::json;

const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");
const PERSON: i64 = 7;

#[tokio::test]
async fn a_person_on_telegram_is_answered_with_looks_and_a_stranger_is_not() {
    let (model, telegram) = (FakeModel::start().await, FakeTelegram::start().await);
    model.push(FakeReply::text("Hello, **Ada**!"));
    let gateway = TestGateway::builder(BINARY)
        .config(json!({
            "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
            "providers": {"custom": {"apiBase": model.base_url()}},
            "channels": {"telegram": {
                "enabled": true, "token": "${TOKEN}", "apiBase": telegram.api_base(),
                "allowFrom": [PERSON.to_string()],
            }},
        }))
        .env("TOKEN", telegram.token())
        .start()
        .await;
    telegram.person_writes(PERSON + 1, "Let me in!");
    telegram.person_writes(PERSON, "Hello?");
    let shown = |it: &FakeTelegram| it.shown(PERSON).iter().any(|it| it.text == "Hello, Ada!");
    telegram.wait_until("the answer is shown", shown).await;
    assert_eq!(model.request_count(), 1);
    assert!(!gateway.stderr().contains(&telegram.token()), "the token is in the log");
}

#[tokio::test]
async fn a_file_that_the_agent_sends_is_shown_once_and_in_the_chat_that_asked() {
    let (model, telegram) = (FakeModel::start().await, FakeTelegram::start().await);
    let home = tempfile::tempdir().expect("a folder");
    let workspace = home.path().join(".nanobot/workspace");
    std::fs::create_dir_all(&workspace).expect("a folder can be made");
    std::fs::write(workspace.join("report.pdf"), "%PDF-1.4").expect("a file can be written");
    let sent = json!({"content": "Here it is", "media": ["report.pdf"]});
    model.push(FakeReply::tool_call("message", &sent));
    model.push(FakeReply::text("I have sent you the report."));
    let _gateway = TestGateway::builder(BINARY)
        .home(home)
        .config(json!({
            "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
            "providers": {"custom": {"apiBase": model.base_url()}},
            "channels": {"telegram": {
                "enabled": true, "token": telegram.token(), "apiBase": telegram.api_base(),
                "allowFrom": [PERSON.to_string()],
            }},
        }))
        .start()
        .await;
    telegram.person_writes(PERSON, "The report, please");
    let has_file = |it: &FakeTelegram| it.shown(PERSON).iter().any(|it| it.file.is_some());
    telegram.wait_until("the file is shown", has_file).await;
    telegram.person_writes(PERSON, "Thanks");
    let shown = |it: &FakeTelegram| it.shown(PERSON).iter().any(|it| it.text.contains("Thanks"));
    model.set_default(FakeReply::text("Thanks to you"));
    telegram.wait_until("the next answer is shown", shown).await;
    let shown = telegram.shown(PERSON);
    let file = shown.iter().find_map(|it| it.file.as_ref()).expect("the file");
    assert_eq!(
        (file.name.as_str(), file.content.as_slice()),
        ("report.pdf", b"%PDF-1.4".as_slice())
    );
    let told_twice = shown.iter().any(|it| it.text.contains("I have sent"));
    assert!(!told_twice, "{shown:?}");
}
