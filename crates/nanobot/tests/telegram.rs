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
