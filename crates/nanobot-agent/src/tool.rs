//! What a model can do beside talking.

mod arguments;
mod bounds;
mod hint;
mod toolbox;

use async_trait::async_trait;

use crate::approval::Approver;
use crate::outbox::Outbox;
use crate::provider::ToolSpec;
use crate::turn::{Sender, Turn, TurnEvents};

pub use arguments::Arguments;
pub(crate) use bounds::bounded;
pub(crate) use hint::hint;
pub(crate) use toolbox::Toolbox;

/// Something that a model can ask for.
///
/// A tool keeps nothing about a conversation: one tool serves all turns at once, and what belongs
/// to one of them comes with the [`ToolContext`].
#[async_trait]
pub trait Tool: Send + Sync {
    /// What the model is told about it.
    fn spec(&self) -> ToolSpec;

    /// Whether it may run beside other calls of the same answer. Only tools that change nothing
    /// should.
    fn is_read_only(&self) -> bool {
        false
    }

    /// Whether it can be used in this turn.
    fn is_offered(&self, _cx: &ToolContext<'_>) -> bool {
        true
    }

    /// Does what was asked for. Dropping the future ends it.
    ///
    /// # Errors
    ///
    /// Returns what the model should know to do better.
    async fn call(&self, arguments: &Arguments, cx: &ToolContext<'_>) -> Result<String, ToolError>;
}

/// Why a tool did not do what was asked for, in words for the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ToolError(String);

impl ToolError {
    /// A failure with what the model should know.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The turn that a tool works for.
#[derive(Clone)]
pub struct ToolContext<'t> {
    /// Key of the session.
    pub session: &'t str,
    /// Name of the channel the message came through.
    pub channel: &'t str,
    /// Chat on that channel.
    pub chat_id: &'t str,
    /// Who wrote the message.
    pub sender: &'t Sender,
    /// Way to other chats, if the program offers one.
    pub outbox: Option<&'t dyn Outbox>,
    /// Way to ask the person for permission, if the program offers one.
    pub approver: Option<&'t dyn Approver>,
    /// Characters of a result that the model gets to see.
    pub max_result_chars: usize,
    /// Place of the call in the turn; a turn that is run again gives the same one again.
    pub place: String,
}

impl<'t> ToolContext<'t> {
    pub(crate) fn new(turn: &'t Turn, events: &'t dyn TurnEvents, max_result_chars: usize) -> Self {
        Self {
            session: &turn.session,
            channel: &turn.channel,
            chat_id: &turn.chat_id,
            sender: &turn.sender,
            outbox: events.outbox(),
            approver: events.approver(),
            max_result_chars,
            place: String::new(),
        }
    }

    /// The same for one call: the `index`-th of the `round`-th answer with calls.
    pub(crate) fn at(&self, round: usize, index: usize) -> Self {
        Self { place: format!("{round}.{index}"), ..self.clone() }
    }
}

/// A turn for tests of single tools, and somebody who hears nothing of it.
#[cfg(test)]
pub(crate) fn context_for_test() -> (Turn, impl TurnEvents) {
    struct Deaf;
    impl TurnEvents for Deaf {
        fn text(&self, _: &str) {}
        fn progress(&self, _: &str) {}
    }
    let turn = Turn {
        session: "test:1".to_owned(),
        model: None,
        channel: "test".to_owned(),
        chat_id: "1".to_owned(),
        sender: Sender::default(),
        text: String::new(),
        attachments: Vec::new(),
        history: Vec::new(),
        cancel: tokio_util::sync::CancellationToken::new(),
    };
    (turn, Deaf)
}
