use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Speaker;
use crate::api::{ContentEdit, Id, Interaction};

/// The token of an interaction is good for 15 minutes.
/// See [Discord/interaction callback](https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback).
const LIFETIME: Duration = Duration::from_secs(14 * 60 + 30);
/// Commands that are remembered; the oldest is forgotten first.
const MAX_WAITING: usize = 256;

/// Commands that Discord shows as "thinking…" until their answer comes.
///
/// They are not kept on disk: their tokens are secrets, and worthless soon. After a restart the
/// answer comes as a message of its own.
#[derive(Debug, Default)]
pub(super) struct Interactions {
    waiting: Mutex<VecDeque<(Instant, Interaction)>>,
}

impl Interactions {
    fn remember(&self, interaction: Interaction) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(received, _)| received.elapsed() < LIFETIME);
        if waiting.len() == MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back((Instant::now(), interaction));
    }

    pub(super) fn get(&self, id: Id) -> Option<Interaction> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.iter().find(|(_, interaction)| interaction.id == id);
        found.filter(|(received, _)| received.elapsed() < LIFETIME).map(|(_, it)| it.clone())
    }

    /// Forgets a command that has its answer.
    pub(super) fn forget(&self, id: Id) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(_, interaction)| interaction.id != id);
    }
}

impl Speaker {
    /// Has the answer to a command go where Discord shows "thinking…".
    pub(crate) fn expect_answer(&self, interaction: Interaction) {
        self.interactions.remember(interaction);
    }

    /// Answers a command that the gateway does not take.
    pub(crate) async fn answer_with(&self, interaction: &Interaction, text: &str) {
        self.interactions.forget(interaction.id);
        let answered = self.api.answer_interaction(interaction, &ContentEdit::new(text)).await;
        if let Err(error) = answered {
            tracing::debug!(%error, "Could not answer a command.");
        }
    }
}
