//! What the tests of the agent share: settings for the fake model, turns, and ears for what is
//! said.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of it")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use nanobot_agent::{
    Agent, AgentSettings, Message, ModelSettings, Outbox, OutboxError, OutboxMessage, Posted,
    ProviderSettings, Sender, Turn, TurnEvents, TurnOutcome,
};
use nanobot_test_support::FakeModel;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Settings that ask the fake model as the custom provider.
pub fn settings(fake: &FakeModel) -> AgentSettings {
    settings_at(&fake.base_url())
}

pub fn settings_at(base: &str) -> AgentSettings {
    let mut model = ModelSettings {
        model: Some("fake-model".to_owned()),
        provider: "custom".to_owned(),
        retry_step: Duration::from_millis(1),
        ..ModelSettings::default()
    };
    let provider =
        ProviderSettings { api_base: Some(base.to_owned()), ..ProviderSettings::default() };
    model.providers.insert("custom".to_owned(), provider);
    AgentSettings { model, ..AgentSettings::default() }
}

pub fn turn(text: &str) -> Turn {
    turn_after(Vec::new(), text)
}

pub fn turn_after(history: Vec<Message>, text: &str) -> Turn {
    Turn {
        session: "test:1".to_owned(),
        model: None,
        channel: "test".to_owned(),
        chat_id: "1".to_owned(),
        sender: Sender { id: "42".to_owned(), display_name: Some("Ann".to_owned()) },
        text: text.to_owned(),
        attachments: Vec::new(),
        history,
        cancel: CancellationToken::new(),
    }
}

/// Runs a turn and checks that the streamed pieces are together the reply.
pub async fn run(agent: &Agent, turn: Turn) -> (TurnOutcome, Ears) {
    let ears = Ears::default();
    let outcome = agent.run_turn(turn, &ears).await;
    assert_eq!(ears.text(), outcome.reply, "the pieces are the reply");
    (outcome, ears)
}

/// Asks the fake model one thing, with the usual settings.
pub async fn ask(fake: &FakeModel, text: &str) -> (TurnOutcome, Ears) {
    run(&Agent::new(settings(fake)), turn(text)).await
}

/// Hears what a turn says.
#[derive(Default)]
pub struct Ears {
    heard: Mutex<Heard>,
    pieces: watch::Sender<usize>,
    outbox: Option<Post>,
}

#[derive(Default)]
struct Heard {
    pieces: Vec<String>,
    last_segment: String,
    progress: Vec<String>,
    log: Vec<String>,
    checkpoints: Vec<Vec<Message>>,
}

impl Ears {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ears in a program that lets tools send messages.
    pub fn with_outbox() -> Self {
        Self { outbox: Some(Post::default()), ..Self::default() }
    }

    /// What tools have sent.
    pub fn sent(&self) -> Vec<OutboxMessage> {
        self.outbox.as_ref().map(Post::sent).unwrap_or_default()
    }

    pub fn pieces(&self) -> Vec<String> {
        self.heard().pieces.clone()
    }

    /// What was said in the last segment.
    pub fn text(&self) -> String {
        self.heard().last_segment.clone()
    }

    pub fn progress(&self) -> Vec<String> {
        self.heard().progress.clone()
    }

    /// All that was heard, in order.
    pub fn log(&self) -> Vec<String> {
        self.heard().log.clone()
    }

    pub fn checkpoints(&self) -> Vec<Vec<Message>> {
        self.heard().checkpoints.clone()
    }

    /// Waits until this many pieces were said.
    pub async fn wait_for_pieces(&self, count: usize) {
        let mut pieces = self.pieces.subscribe();
        pieces.wait_for(|pieces| *pieces >= count).await.expect("the sender is alive");
    }
}

impl TurnEvents for Ears {
    fn text(&self, piece: &str) {
        let mut heard = self.heard();
        heard.pieces.push(piece.to_owned());
        heard.last_segment.push_str(piece);
        heard.log.push(format!("text {piece}"));
        drop(heard);
        self.pieces.send_modify(|pieces| *pieces += 1);
    }

    fn progress(&self, text: &str) {
        let mut heard = self.heard();
        heard.progress.push(text.to_owned());
        heard.log.push(format!("progress {text}"));
    }

    fn segment_end(&self, continues: bool) {
        let mut heard = self.heard();
        if continues {
            heard.last_segment.clear();
        }
        heard.log.push(format!("end {continues}"));
    }

    fn tool_hint(&self, hint: &str) {
        self.heard().log.push(format!("hint {hint}"));
    }

    fn checkpoint(&self, entries: &[Message]) {
        self.heard().checkpoints.push(entries.to_vec());
    }

    fn outbox(&self) -> Option<&dyn Outbox> {
        self.outbox.as_ref().map(|post| post as &dyn Outbox)
    }
}

/// Keeps what tools send.
#[derive(Default)]
pub struct Post(Mutex<Vec<OutboxMessage>>);

impl Post {
    pub fn sent(&self) -> Vec<OutboxMessage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Outbox for Post {
    async fn send(&self, message: OutboxMessage) -> Result<Posted, OutboxError> {
        if message.channel == "nowhere" {
            return Err(OutboxError("there is no channel `nowhere`".to_owned()));
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        Ok(Posted::Now)
    }
}
