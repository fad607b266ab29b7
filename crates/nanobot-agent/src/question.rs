//! What a question to a model is made of.

use std::sync::Arc;

use crate::history::{cost_of, newest_turns, rounds_of_turn};
use crate::message::Message;
use crate::provider::{Image, ModelRequest, PastMessage, ToolSpec};

/// What stays the same for all questions of a turn.
pub(crate) struct Surroundings<'t> {
    pub(crate) system: Arc<str>,
    pub(crate) moment: String,
    pub(crate) said: &'t str,
    pub(crate) history: &'t [Message],
    pub(crate) tools: Vec<Arc<ToolSpec>>,
    pub(crate) tool_chars: usize,
    pub(crate) images: Vec<Image>,
}

/// What a question is made of beside them.
pub(crate) struct Parts<'t> {
    history: Vec<PastMessage<'t>>,
    rounds: Vec<PastMessage<'t>>,
}

impl Parts<'_> {
    pub(crate) fn has_past(&self) -> bool {
        !self.history.is_empty() || !self.rounds.is_empty()
    }
}

impl Surroundings<'_> {
    pub(crate) fn fixed_chars(&self) -> usize {
        self.system.len() + self.moment.len() + self.said.len() + self.tool_chars
    }

    /// The rounds of this turn come first when there is little room, then the newest turns.
    pub(crate) fn parts<'r>(&'r self, rounds: &'r [Message], budget_chars: usize) -> Parts<'r> {
        let rounds = rounds_of_turn(rounds, budget_chars);
        let left = budget_chars.saturating_sub(cost_of(&rounds));
        Parts { history: newest_turns(self.history, left), rounds }
    }

    pub(crate) fn request<'r>(&'r self, parts: &'r Parts<'r>) -> ModelRequest<'r> {
        ModelRequest {
            system: &self.system,
            history: &parts.history,
            context: &self.moment,
            text: self.said,
            images: &self.images,
            rounds: &parts.rounds,
            tools: &self.tools,
        }
    }
}
