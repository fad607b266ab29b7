//! Speech becomes text by a service on the network; without one, recordings stay files.

mod support;

use std::path::PathBuf;
use std::time::Duration;

use nanobot_agent::{
    Agent, AgentSettings, ModelSettings, ProviderSettings, Transcriber, TranscriptionError,
    TranscriptionSettings,
};
use nanobot_test_support::{FakeModel, FakeSpeech, SpeechReply, SpeechRequest};
use support::{run, settings, turn};
use tempfile::TempDir;

const KEY: &str = "gsk_secret-key";

fn speech_settings() -> TranscriptionSettings {
    TranscriptionSettings { is_enabled: true, ..TranscriptionSettings::default() }
}

fn models(speech: &FakeSpeech, key: &str) -> ModelSettings {
    let groq = ProviderSettings {
        api_key: Some(key.to_owned().into()),
        api_base: Some(speech.base_url()),
        ..ProviderSettings::default()
    };
    let providers = [("groq".to_owned(), groq)].into();
    ModelSettings { providers, ..ModelSettings::default() }
}

fn transcriber(settings: &TranscriptionSettings, speech: &FakeSpeech) -> Transcriber {
    Transcriber::from_settings(settings, &models(speech, KEY)).expect("a service is configured")
}

fn recording(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the file is written");
    path
}

#[tokio::test]
async fn a_file_is_sent_as_the_services_document_it() {
    let (speech, folder) = (FakeSpeech::start(Some(KEY)).await, folder());
    let settings = TranscriptionSettings {
        model: Some("whisper-large-v3-turbo".to_owned()),
        language: Some("de".to_owned()),
        ..speech_settings()
    };
    speech.push(SpeechReply::Words(" Guten Tag. \n".to_owned()));
    let content: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let file = recording(&folder, "Geheim & co.OGA", &content);
    let words = transcriber(&settings, &speech).transcribe(&file).await;
    assert_eq!(words.expect("the service answers"), "Guten Tag.");
    let expected = SpeechRequest {
        model: "whisper-large-v3-turbo".to_owned(),
        language: Some("de".to_owned()),
        file_name: "audio.ogg".to_owned(),
        mime: Some("audio/ogg".to_owned()),
        content,
    };
    assert_eq!(speech.requests(), [expected]);
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_sent() {
    let (speech, folder) = (FakeSpeech::start(Some(KEY)).await, folder());
    let settings = TranscriptionSettings { max_file_bytes: 10, ..speech_settings() };
    let transcriber = transcriber(&settings, &speech);
    let error = transcriber.transcribe(&recording(&folder, "long.ogg", &[7; 11])).await;
    let error = error.expect_err("the file is too large").to_string();
    assert!(error.contains("11 bytes") && error.contains("maxUploadMb"), "{error}");
    let error = transcriber.transcribe(&recording(&folder, "empty.ogg", b"")).await;
    assert!(matches!(error, Err(TranscriptionError::Empty)), "{error:?}");
    let error = transcriber.transcribe(folder.path()).await;
    assert!(matches!(error, Err(TranscriptionError::NotAFile)), "{error:?}");
    let error = transcriber.transcribe(&folder.path().join("missing.ogg")).await;
    assert!(matches!(error, Err(TranscriptionError::File(_))), "{error:?}");
    assert_eq!(speech.requests(), []);
}

#[tokio::test]
async fn a_failure_says_what_happened_and_repeats_no_key() {
    let (speech, folder) = (FakeSpeech::start(Some(KEY)).await, folder());
    let file = recording(&folder, "a.mp3", b"words");
    let good = transcriber(&speech_settings(), &speech);
    for (reply, expected) in [
        (SpeechReply::Error(500, format!("{KEY} broke")), "status 500: *** broke"),
        (SpeechReply::Error(400, "could not decode".to_owned()), "could not decode"),
        (SpeechReply::Nonsense, "no JSON object"),
    ] {
        speech.push(reply);
        let error = good.transcribe(&file).await.expect_err("the service failed").to_string();
        assert!(error.contains(expected) && !error.contains(KEY), "{error}");
    }
    let stranger = Transcriber::from_settings(&speech_settings(), &models(&speech, "wrong-key"));
    let error = stranger.expect("a service is configured").transcribe(&file).await;
    let error = error.expect_err("the key is wrong");
    assert!(error.hint().is_some_and(|hint| hint.contains("key")), "{error}");
    assert!(!error.to_string().contains("wrong-key"), "{error}");
}

#[tokio::test]
async fn a_service_that_says_nothing_is_waited_for_no_longer_than_the_limit() {
    let (speech, folder) = (FakeSpeech::start(Some(KEY)).await, folder());
    let limit = Duration::from_millis(200);
    let settings = TranscriptionSettings { time_limit: limit, ..speech_settings() };
    speech.push(SpeechReply::Silence);
    let file = recording(&folder, "a.wav", b"words");
    let error = transcriber(&settings, &speech).transcribe(&file).await;
    assert!(matches!(error, Err(TranscriptionError::Timeout { .. })), "{error:?}");
}

#[tokio::test]
async fn what_is_said_in_recordings_reaches_the_model_and_the_history() {
    let (speech, model, folder) =
        (FakeSpeech::start(Some(KEY)).await, FakeModel::start().await, folder());
    speech.push(SpeechReply::Words("see".to_owned()));
    let voice = recording(&folder, "voice.ogg", b"words\0").display().to_string();
    let picture = recording(&folder, "a.png", b"no picture\0").display().to_string();
    let mut asked = turn("see this");
    asked.attachments = vec![voice.clone(), picture.clone()];
    let (outcome, _) = run(&Agent::new(hearing(&model, &speech)), asked).await;
    let expected = format!("see this\n[transcription of {voice}: see]\n[image: {picture}]");
    assert_eq!(outcome.history[0].content, expected);
    assert!(model.last_request().last_user_text().ends_with(&expected));
}

#[tokio::test]
async fn words_that_the_channel_asked_for_are_neither_asked_for_nor_said_again() {
    let (speech, model, folder) =
        (FakeSpeech::start(Some(KEY)).await, FakeModel::start().await, folder());
    speech.push(SpeechReply::Words("Buy milk".to_owned()));
    let voice = recording(&folder, "voice.ogg", b"words\0");
    let agent = Agent::new(hearing(&model, &speech));
    let transcriber = agent.transcriber().expect("a service is configured");
    let words = transcriber.transcribe(&voice).await.expect("the service answers");
    let mut asked = turn(&format!("[voice: {words}]"));
    asked.attachments = vec![voice.display().to_string()];
    let (outcome, _) = run(&agent, asked).await;
    let expected = format!("[voice: Buy milk]\n[file: {}]", voice.display());
    assert_eq!(outcome.history[0].content, expected);
    assert_eq!(speech.requests().len(), 1);
    std::fs::write(&voice, b"other words\0").expect("the file is replaced");
    assert_eq!(transcriber.transcribe(&voice).await.expect("the service answers"), "hello");
}

#[tokio::test]
async fn a_recording_that_cannot_be_transcribed_stays_a_file() {
    let (speech, model, folder) =
        (FakeSpeech::start(Some(KEY)).await, FakeModel::start().await, folder());
    let voice = recording(&folder, "voice.ogg", b"words\0").display().to_string();
    let mut asked = turn("");
    asked.attachments = vec![voice.clone()];
    speech.push(SpeechReply::Error(500, "overloaded".to_owned()));
    let (outcome, _) = run(&Agent::new(hearing(&model, &speech)), asked.clone()).await;
    assert_eq!(outcome.history[0].content, format!("[file: {voice}]"));
    let (outcome, _) = run(&Agent::new(settings(&model)), asked).await;
    assert_eq!(outcome.history[0].content, format!("[file: {voice}]"));
    assert_eq!(speech.requests().len(), 1, "an agent without a service asks none");
}

#[tokio::test]
async fn a_turn_that_is_stopped_waits_for_no_recording() {
    let (speech, model, folder) =
        (FakeSpeech::start(Some(KEY)).await, FakeModel::start().await, folder());
    speech.push(SpeechReply::Silence);
    let mut asked = turn("");
    asked.attachments = vec![recording(&folder, "voice.ogg", b"words\0").display().to_string()];
    let cancel = asked.cancel.clone();
    let agent = Agent::new(hearing(&model, &speech));
    let stop = async {
        speech.wait_for_requests(1).await;
        cancel.cancel();
    };
    let ((outcome, _), ()) = tokio::join!(run(&agent, asked), stop);
    assert_eq!(outcome.ending, nanobot_agent::Ending::Interrupted);
    assert_eq!(model.request_count(), 0);
}

fn hearing(model: &FakeModel, speech: &FakeSpeech) -> AgentSettings {
    let mut settings = settings(model);
    settings.model.providers.extend(models(speech, KEY).providers);
    settings.transcription = speech_settings();
    settings
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}
