//! What the agent says, while it says it and when it is done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_agent::{TurnEvents, TurnOutcome, Usage};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::DropGuard;

use super::refusal::Refusal;

/// What is said between the uses of tools.
const BETWEEN_SEGMENTS: &str = "\n\n";

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Model that answered, if one did.
    pub(super) model: Option<String>,
    usage: Usage,
}

impl Answer {
    pub(super) fn of(outcome: TurnOutcome) -> Self {
        Self { text: outcome.reply, model: outcome.model, usage: outcome.usage }
    }

    /// Tokens of all calls of the model, as far as its provider said.
    pub(super) fn usage(&self) -> Value {
        let Usage { input_tokens, cached_tokens, output_tokens } = self.usage;
        json!({
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
            "prompt_tokens_details": {"cached_tokens": cached_tokens},
        })
    }
}

/// What was said and not yet taken. Pieces that nobody takes are joined, so there is never more of
/// them than the answer is long.
#[derive(Debug, Default)]
pub(super) struct Said {
    text: Mutex<String>,
    more: Notify,
}

impl Said {
    /// Says an answer that no model gave.
    pub(super) fn whole(&self, text: &str) -> Answer {
        self.text(text);
        Answer { text: text.to_owned(), model: None, usage: Usage::default() }
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TurnEvents for Said {
    fn text(&self, piece: &str) {
        self.lock().push_str(piece);
        self.more.notify_one();
    }

    fn segment_end(&self, continues: bool) {
        if continues {
            self.text(BETWEEN_SEGMENTS);
        }
    }

    fn progress(&self, text: &str) {
        tracing::debug!(text, "The agent is at work.");
    }
}

/// An answer that is being given; dropping it ends the turn.
pub(super) struct Answering {
    said: Arc<Said>,
    answer: oneshot::Receiver<Result<Answer, Refusal>>,
    _turn: DropGuard,
}

/// What comes next of an answer.
pub(super) enum Heard {
    Text(String),
    /// The rest, and how it ended.
    End(String, Result<Answer, Refusal>),
}

impl Answering {
    pub(super) fn new(
        said: Arc<Said>,
        answer: oneshot::Receiver<Result<Answer, Refusal>>,
        turn: DropGuard,
    ) -> Self {
        Self { said, answer, _turn: turn }
    }

    /// Waits for the whole answer.
    pub(super) async fn whole(mut self) -> Result<Answer, Refusal> {
        (&mut self.answer).await.unwrap_or_else(|_| Err(panicked()))
    }

    /// Waits for what comes next; not to be called after the end.
    pub(super) async fn next(&mut self) -> Heard {
        tokio::select! {
            biased;
            () = self.said.more.notified() => Heard::Text(self.said.take()),
            ended = &mut self.answer => {
                Heard::End(self.said.take(), ended.unwrap_or_else(|_| Err(panicked())))
            }
        }
    }
}

fn panicked() -> Refusal {
    Refusal::internal("the answer was cut off by an error in nanobot; its log says more")
}
