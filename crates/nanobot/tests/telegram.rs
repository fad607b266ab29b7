//! A message on Telegram, through the whole program to a model server and back.

use nanobot_test_support::{
    FakeModel, FakeReply, FakeSpeech, FakeTelegram, Incoming, SpeechReply, TestGateway,
};
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
async fn what_a_person_says_in_a_voice_message_is_what_the_model_reads() {
    let (model, telegram) = (FakeModel::start().await, FakeTelegram::start().await);
    let speech = FakeSpeech::start(Some("gsk_key")).await;
    speech.push(SpeechReply::Words("Where is my umbrella?".to_owned()));
    model.push(FakeReply::text("In the hall."));
    let _gateway = TestGateway::builder(BINARY)
        .config(json!({
            "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
            "providers": {
                "custom": {"apiBase": model.base_url()},
                "groq": {"apiBase": speech.base_url(), "apiKey": "${KEY}"},
            },
            "transcription": {"language": "en"},
            "channels": {"telegram": {
                "enabled": true, "token": telegram.token(), "apiBase": telegram.api_base(),
                "allowFrom": [PERSON.to_string()],
            }},
        }))
        .env("KEY", "gsk_key")
        .start()
        .await;
    telegram.add_file("voice", "voice/file_1.oga", b"spoken", 6);
    telegram.receive(Incoming::from_person(PERSON).with_file("voice", "voice", None, 6));
    let shown = |it: &FakeTelegram| it.shown(PERSON).iter().any(|it| it.text == "In the hall.");
    telegram.wait_until("the answer is shown", shown).await;
    let asked = &speech.requests()[0];
    assert_eq!((asked.model.as_str(), asked.language.as_deref()), ("whisper-large-v3", Some("en")));
    assert_eq!((asked.file_name.as_str(), asked.content.as_slice()), ("audio.ogg", &b"spoken"[..]));
    let read = model.last_request().last_user_text().to_owned();
    assert!(read.ends_with(": Where is my umbrella?]"), "{read}");
}
