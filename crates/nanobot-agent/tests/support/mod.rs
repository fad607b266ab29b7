//! What the tests of the agent share: settings for the fake model, turns, and ears for what is
//! said.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of it")]

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nanobot_agent::{
    Agent, AgentSettings, Message, ModelSettings, ProviderSettings, Sender, Turn, TurnEvents,
    TurnOutcome,
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
}

#[derive(Default)]
struct Heard {
    pieces: Vec<String>,
    progress: Vec<String>,
}

impl Ears {
    pub fn pieces(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).pieces.clone()
    }

    pub fn text(&self) -> String {
        self.pieces().concat()
    }

    pub fn progress(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).progress.clone()
    }

    /// Waits until this many pieces were said.
    pub async fn wait_for_pieces(&self, count: usize) {
        let mut pieces = self.pieces.subscribe();
        pieces.wait_for(|pieces| *pieces >= count).await.expect("the sender is alive");
    }
}

impl TurnEvents for Ears {
    fn text(&self, piece: &str) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).pieces.push(piece.to_owned());
        self.pieces.send_modify(|pieces| *pieces += 1);
    }

    fn progress(&self, text: &str) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).progress.push(text.to_owned());
    }
}
