//! What a channel may do beyond receiving and delivering, and what it may not.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{Call, Played, Stage, Started, played, send, settings};
use nanobot_agent::{AgentSettings, ModelSettings, ProviderSettings, TranscriptionSettings};
use nanobot_channel::{
    Acceptance, Attachment, ChannelError, ErrorKind, InboundMessage, Offers, Publication,
};
use nanobot_gateway::{ChannelSpec, Rights};
use nanobot_ledger::{DeliveryFilter, Ledger, MemoryLedger};
use nanobot_test_support::FakeSpeech;
use tempfile::TempDir;

fn with_rights(name: &str, rights: Rights) -> (ChannelSpec, Played) {
    let (spec, played) = played(name, false);
    (ChannelSpec { rights, ..spec }, played)
}

fn publishing_to(name: &str, channels: &[&str]) -> (ChannelSpec, Played) {
    let publishes_to = channels.iter().map(ToString::to_string).collect();
    with_rights(name, Rights { publishes_to, ..Rights::default() })
}

async fn vouch_for_eve(rights: Rights) -> (Acceptance, Acceptance) {
    let (spec, mut channel) = with_rights("paired", rights);
    let mut stage = Stage::new(vec![spec]).await;
    let started = channel.started().await;
    let message = InboundMessage::new("eve", "42", "hi");
    let vouched = started.cx.handle_vouched_message(message.clone()).await.unwrap();
    let plain = started.cx.handle_message(message).await.unwrap();
    if vouched == Acceptance::Accepted {
        stage.answer("hello").await;
        assert_eq!(channel.succeed().await, send("42", "hello", 1));
    }
    stage.gateway.shutdown().await;
    (vouched, plain)
}

#[tokio::test]
async fn a_sender_whom_the_channel_vouches_for_is_let_in_where_the_config_allows_it() {
    let rights = Rights { vouches: true, ..Rights::default() };
    assert_eq!(vouch_for_eve(rights).await, (Acceptance::Accepted, Acceptance::Denied));
}

#[tokio::test]
async fn without_that_right_only_the_allow_list_counts() {
    let denied = (Acceptance::Denied, Acceptance::Denied);
    assert_eq!(vouch_for_eve(Rights::default()).await, denied);
}

#[tokio::test]
async fn a_message_to_another_channel_is_delivered_there_and_not_remembered_as_said() {
    let (sender, mut from) = publishing_to("doorbell", &["telegram"]);
    let (receiver, mut to) = played("telegram", false);
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::default());
    let stage = Stage::with(vec![sender, receiver], settings(), Arc::clone(&ledger)).await;
    let (from, _to) = (from.started().await, to.started().await);
    let offers = Offers { transcription: false, publish: true };
    assert_eq!(from.cx.offers(), offers);
    from.cx.publish(Publication::new("telegram", "42", "Somebody rang.")).await.unwrap();
    assert_eq!(to.succeed().await, send("42", "Somebody rang.", 1));
    stage.gateway.shutdown().await;
    let session = ledger.session("telegram:42").await.unwrap();
    assert_eq!(session.map_or(0, |session| session.entries), 0);
}

#[tokio::test]
async fn a_message_to_another_channel_is_stored_before_it_is_taken() {
    let (sender, mut from) = publishing_to("doorbell", &["*"]);
    let (receiver, mut to) = played("telegram", false);
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::default());
    let stage = Stage::with(vec![sender, receiver], settings(), Arc::clone(&ledger)).await;
    let (from, _to) = (from.started().await, to.started().await);
    from.cx.publish(Publication::new("telegram", "42", "Somebody rang.")).await.unwrap();
    let pending = to.call().await;
    let stored = ledger.deliveries(DeliveryFilter::default()).await.unwrap();
    let [stored] = stored.as_slice() else { panic!("{stored:?}") };
    assert_eq!((stored.channel.as_str(), stored.chat_id.as_str()), ("telegram", "42"));
    pending.succeed();
    stage.gateway.shutdown().await;
}

#[tokio::test]
async fn a_channel_writes_to_no_other_unless_the_config_allows_it_and_it_is_there() {
    let (allowed, mut from) = publishing_to("doorbell", &["telegram", "gone"]);
    let (forbidden, mut silent) = played("silent", false);
    let (receiver, mut to) = played("telegram", false);
    let stage = Stage::new(vec![allowed, forbidden, receiver]).await;
    let (from, silent, _to) = (from.started().await, silent.started().await, to.started().await);
    let refused = |from: &Started, to: &str| {
        let cx = from.cx.clone();
        let message = Publication::new(to, "42", "hi");
        async move { cx.publish(message).await.unwrap_err() }
    };
    assert_eq!(refused(&from, "gone").await.kind(), ErrorKind::NotFound);
    let error = refused(&from, "silent").await;
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.hint().unwrap().contains("publishTo"), "{error:?}");
    assert_eq!(refused(&silent, "telegram").await.kind(), ErrorKind::Rejected);
    assert!(!silent.cx.offers().publish);
    stage.gateway.shutdown().await;
    assert_eq!(to.calls.recv().await.unwrap().call, Call::Stopped, "nothing was delivered");
}

#[tokio::test]
async fn too_many_messages_to_other_channels_are_to_come_later() {
    let (sender, mut from) = publishing_to("doorbell", &["telegram"]);
    let (receiver, mut to) = played("telegram", false);
    let stage = Stage::new(vec![sender, receiver]).await;
    let (from, _to) = (from.started().await, to.started().await);
    let mut refused = None;
    for number in 0..100 {
        let message = Publication::new("telegram", "42", number.to_string());
        match from.cx.publish(message).await {
            Ok(()) => assert_eq!(to.succeed().await, send("42", &number.to_string(), 1)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let refused = refused.expect("a hundred are too many");
    assert_eq!(refused.kind(), ErrorKind::Overloaded);
    assert!(refused.retry_after().is_some());
    stage.gateway.shutdown().await;
}

#[tokio::test]
async fn a_message_that_asks_for_a_stream_gets_one_from_a_channel_that_may() {
    for (asks_for_streams, asks, streamed) in
        [(true, true, true), (true, false, false), (false, true, false)]
    {
        let rights = Rights { asks_for_streams, ..Rights::default() };
        let (spec, mut channel) = with_rights("webhook", rights);
        let mut stage = Stage::new(vec![spec]).await;
        let started = channel.started().await;
        let message = InboundMessage::new("ada", "42", "hi").with_metadata("_wants_stream", asks);
        started.cx.handle_message(message).await.unwrap();
        stage.answer("hello").await;
        let mut last = channel.succeed().await;
        while matches!(last, Call::Step { .. }) {
            last = channel.succeed().await;
        }
        assert_eq!(matches!(last, Call::End { .. }), streamed, "{last:?}");
        stage.gateway.shutdown().await;
    }
}

/// A channel with folders, and files in and beside them.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["media/voice.ogg", "state/note.ogg", "other/secret.ogg", "media-2/a.ogg"] {
            let path = files.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        std::os::unix::fs::symlink(files.path("other/secret.ogg"), files.path("media/link.ogg"))
            .unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn give(&self, spec: ChannelSpec) -> ChannelSpec {
        ChannelSpec { state_dir: self.path("state"), media_dir: self.path("media"), ..spec }
    }

    /// Paths that no channel may have read for it.
    fn foreign(&self) -> Vec<PathBuf> {
        vec![
            self.path("other/secret.ogg"),
            self.path("media/link.ogg"),
            self.path("media/../other/secret.ogg"),
            self.path("media-2/a.ogg"),
            self.path("media/missing.ogg"),
            self.path("media"),
            "voice.ogg".into(),
            "/etc/passwd".into(),
        ]
    }
}

fn hearing(speech: &FakeSpeech) -> AgentSettings {
    let openai =
        ProviderSettings { api_base: Some(speech.base_url()), ..ProviderSettings::default() };
    let providers = [("openai".to_owned(), openai)].into();
    AgentSettings {
        model: ModelSettings { providers, ..ModelSettings::default() },
        transcription: TranscriptionSettings {
            is_enabled: true,
            provider: "openai".to_owned(),
            ..TranscriptionSettings::default()
        },
        ..AgentSettings::default()
    }
}

#[tokio::test]
async fn a_channel_gets_the_words_of_its_own_recordings_and_of_no_other_file() {
    let (speech, files) = (FakeSpeech::start(None).await, Files::new());
    let (spec, mut channel) = played("webhook", false);
    let ledger = Arc::new(MemoryLedger::default());
    let stage =
        Stage::with_agent(vec![files.give(spec)], settings(), ledger, hearing(&speech)).await;
    let started = channel.started().await;
    assert!(started.cx.offers().transcription);
    for own in ["media/voice.ogg", "state/note.ogg"] {
        assert_eq!(started.cx.transcribe_audio(&files.path(own)).await.unwrap(), "hello");
        assert_eq!(speech.requests().last().unwrap().content, own.as_bytes());
    }
    for foreign in files.foreign() {
        let error = started.cx.transcribe_audio(&foreign).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{}", foreign.display());
    }
    assert_eq!(speech.requests().len(), 2);
    stage.gateway.shutdown().await;
}

#[tokio::test]
async fn without_a_speech_service_a_channel_is_told_so() {
    let files = Files::new();
    let (spec, mut channel) = played("webhook", false);
    let stage = Stage::new(vec![files.give(spec)]).await;
    let started = channel.started().await;
    assert!(!started.cx.offers().transcription);
    let error = started.cx.transcribe_audio(&files.path("media/voice.ogg")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    stage.gateway.shutdown().await;
}

#[tokio::test]
async fn a_channel_sends_its_own_files_to_others_and_no_others() {
    let files = Files::new();
    let (sender, mut from) = publishing_to("doorbell", &["telegram"]);
    let (receiver, mut to) = played("telegram", false);
    let stage = Stage::new(vec![files.give(sender), receiver]).await;
    let (from, _to) = (from.started().await, to.started().await);
    let publish = |path: &Path| {
        let attachments = vec![Attachment::from_path(path)];
        let message = Publication { attachments, ..Publication::new("telegram", "42", "look") };
        let cx = from.cx.clone();
        async move { cx.publish(message).await.map_err(|error: ChannelError| error.kind()) }
    };
    assert_eq!(publish(&files.path("media/voice.ogg")).await, Ok(()));
    assert_eq!(to.succeed().await, send("42", "look", 1));
    for foreign in files.foreign() {
        assert_eq!(publish(&foreign).await, Err(ErrorKind::Rejected), "{}", foreign.display());
    }
    stage.gateway.shutdown().await;
}

#[tokio::test]
async fn a_channel_reaches_no_session_of_another_one_by_naming_it() {
    let (own, mut telegram) = played("telegram", false);
    let (other, mut nosy) = played("nosy", false);
    let mut stage = Stage::new(vec![own, other]).await;
    let (telegram_cx, nosy_cx) = (telegram.started().await, nosy.started().await);
    telegram_cx.receive("42", "my secret").await.unwrap();
    stage.answer("kept").await;
    telegram.succeed().await;

    let session_key = Some("telegram:42".to_owned());
    let named = |text: &str| InboundMessage {
        session_key: session_key.clone(),
        ..InboundMessage::new("ada", "1", text)
    };
    nosy_cx.cx.handle_message(named("what was said?")).await.unwrap();
    let question = stage.question().await;
    assert_eq!(question.history, 0);
    question.say("nothing").await;
    drop(question);
    nosy.succeed().await;
    nosy_cx.cx.handle_message(named("/new")).await.unwrap();
    nosy.succeed().await;
    telegram_cx.receive("42", "and now?").await.unwrap();
    assert!(stage.question().await.history > 0, "nobody else made it forget");
}
