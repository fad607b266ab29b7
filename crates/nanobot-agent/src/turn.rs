//! What goes into a turn and what comes out of it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::approval::Approver;
use crate::interjections::Interjections;
use crate::message::Message;
use crate::outbox::Outbox;
use crate::provider::Usage;

/// One message of a person, with all that the agent needs to answer it.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Key of the session.
    pub session: String,
    /// Which of the configured models is to be asked first; the first one unless given.
    pub model: Option<String>,
    /// Name of the channel the message came through.
    pub channel: String,
    /// Chat on that channel.
    pub chat_id: String,
    /// Who wrote it.
    pub sender: Sender,
    /// What was written.
    pub text: String,
    /// Paths or URLs of attached files; the model is told that they exist.
    pub attachments: Vec<String>,
    /// History of the session, oldest first.
    pub history: Vec<Message>,
    /// Ends the turn early.
    pub cancel: CancellationToken,
}

/// Who wrote a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// Identity on the channel.
    pub id: String,
    /// Name that people see.
    pub display_name: Option<String>,
}

/// Hears what a turn says while it runs.
///
/// The calls come from the task that runs the turn and must not block.
pub trait TurnEvents: Send + Sync {
    /// The next piece of a segment; the pieces of the last segment together are the reply.
    fn text(&self, piece: &str);

    /// The segment that was being said is complete. If it `continues`, the model now uses tools and
    /// goes on with another one; else it was the last. Each segment with text ends exactly once.
    fn segment_end(&self, _continues: bool) {}

    /// Short description of the tools that are being used now.
    fn tool_hint(&self, _hint: &str) {}

    /// What the turn has done so far after its question, given after each round of tools. Stored
    /// and handed to [`Agent::resume_turn`](crate::Agent::resume_turn), it lets a turn that was
    /// cut off go on without running finished calls again.
    fn checkpoint(&self, _entries: &[Message]) {}

    /// Way for tools to send messages of their own; without one there is no `message` tool.
    fn outbox(&self) -> Option<&dyn Outbox> {
        None
    }

    /// What is said in the session while the turn runs; without it, that waits for the next turn.
    fn interjections(&self) -> Option<&dyn Interjections> {
        None
    }

    /// Way for tools to ask the person for permission; without one, what needs it is not done.
    fn approver(&self) -> Option<&dyn Approver> {
        None
    }

    /// Something about the turn that is not part of the reply, such as a wait for the model.
    fn progress(&self, text: &str);
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The model answered.
    Complete,
    /// The turn was cancelled; the reply is what was said until then.
    Interrupted,
    /// The model did not answer, or not to the end; the reply says so.
    Failed,
}

/// What a turn leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnOutcome {
    /// Text for the person: the last segment. What was said before a tool was used is only in the
    /// events and in the history.
    pub reply: String,
    /// Entries to append to the session. What the agent itself said about a failure is not among
    /// them: the model would take it for its own words.
    pub history: Vec<Message>,
    /// How the turn ended.
    pub ending: Ending,
    /// Tokens used, as far as the provider said.
    pub usage: Usage,
    /// Configured name of the model that answered last; none if no model did.
    pub model: Option<String>,
    /// Time from the beginning of the turn to its end.
    pub elapsed: Duration,
}
