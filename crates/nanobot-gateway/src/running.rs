use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nanobot_agent::Permission;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// The turns that run now, by session.
#[derive(Default)]
pub(crate) struct RunningTurns {
    turns: Mutex<HashMap<String, Running>>,
    begun: AtomicU64,
}

/// Tells one running turn from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TurnNumber(u64);

struct Running {
    number: TurnNumber,
    cancel: CancellationToken,
    question: Option<Question>,
}

/// A question that somebody has to answer.
struct Question {
    /// Who may answer it.
    sender_id: String,
    answer: oneshot::Sender<Permission>,
}

/// A turn that runs until this is dropped.
pub(crate) struct RunningTurn<'a> {
    turns: &'a RunningTurns,
    session: &'a str,
}

/// A question that is taken back when this is dropped.
pub(crate) struct Pending<'a> {
    turns: &'a RunningTurns,
    session: &'a str,
    answer: oneshot::Receiver<Permission>,
}

impl RunningTurns {
    /// Notes that a turn of the session begins; `cancel` ends it.
    pub(crate) fn begin<'a>(
        &'a self,
        session: &'a str,
        cancel: CancellationToken,
    ) -> RunningTurn<'a> {
        let number = TurnNumber(self.begun.fetch_add(1, Ordering::Relaxed));
        self.turns().insert(session.to_owned(), Running { number, cancel, question: None });
        RunningTurn { turns: self, session }
    }

    /// Ends the session's turn early; false if none runs.
    pub(crate) fn stop(&self, session: &str) -> bool {
        self.turns().get(session).inspect(|turn| turn.cancel.cancel()).is_some()
    }

    /// The session's turn that runs now.
    pub(crate) fn turn_of(&self, session: &str) -> Option<TurnNumber> {
        self.turns().get(session).map(|turn| turn.number)
    }

    /// Notes that the session's turn waits for an answer of this sender.
    pub(crate) fn expect_answer<'a>(&'a self, session: &'a str, sender_id: &str) -> Pending<'a> {
        let (answer, answered) = oneshot::channel();
        if let Some(turn) = self.turns().get_mut(session) {
            turn.question = Some(Question { sender_id: sender_id.to_owned(), answer });
        }
        Pending { turns: self, session, answer: answered }
    }

    /// Whether the session's turn waits for an answer of this sender.
    pub(crate) fn waits_for_answer(&self, session: &str, sender_id: &str) -> bool {
        let turns = self.turns();
        let question = turns.get(session).and_then(|turn| turn.question.as_ref());
        question.is_some_and(|question| question.sender_id == sender_id)
    }

    /// Gives the answer to the session's turn; one that came too late does nothing.
    pub(crate) fn answer(&self, session: &str, permission: Permission) {
        let question = self.turns().get_mut(session).and_then(|turn| turn.question.take());
        if let Some(question) = question {
            // The turn may have ended meanwhile.
            let _ = question.answer.send(permission);
        }
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending<'_> {
    /// Waits for the answer.
    pub(crate) async fn answer(mut self) -> Permission {
        (&mut self.answer).await.unwrap_or(Permission::Unanswered)
    }
}

impl Drop for RunningTurn<'_> {
    fn drop(&mut self) {
        self.turns.turns().remove(self.session);
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.turns.turns().get_mut(self.session) {
            turn.question = None;
        }
    }
}
