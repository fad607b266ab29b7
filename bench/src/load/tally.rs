use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use super::Outcome;

/// Accounts for messages and their answers.
#[derive(Default)]
pub(crate) struct Tally {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    /// Messages without an answer.
    open: HashMap<u64, Open>,
    /// Those that were accepted, among the open ones.
    waiting: usize,
    /// Chats of the answered messages.
    answered: HashMap<u64, u64>,
    /// The latest answered message of each chat.
    latest: HashMap<u64, u64>,
    outcome: Outcome,
    began: Option<Instant>,
}

struct Open {
    chat: u64,
    due: Instant,
    is_accepted: bool,
    waiter: oneshot::Sender<()>,
}

/// A finished answer as it arrived.
pub(crate) struct Answer {
    pub(crate) number: u64,
    /// Whether its text is what the model said.
    pub(crate) is_right: bool,
    /// Whether the gateway said that it may have come before.
    pub(crate) is_marked: bool,
}

impl Tally {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a new account. Messages that are still open are forgotten.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        *state = State { next: state.next.max(1), began: Some(Instant::now()), ..State::default() };
    }

    /// A message that is about to be sent: its number, and what ends when it is answered.
    pub(crate) fn send(&self, chat: u64, due: Instant) -> (u64, oneshot::Receiver<()>) {
        let (waiter, answered) = oneshot::channel();
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.outcome.sent += 1;
        state.open.insert(number, Open { chat, due, is_accepted: false, waiter });
        (number, answered)
    }

    pub(crate) fn accept(&self, number: u64) {
        let mut state = self.state();
        state.outcome.accepted += 1;
        // An answer may overtake the acceptance.
        let Some(open) = state.open.get_mut(&number) else {
            return;
        };
        open.is_accepted = true;
        let took = open.due.elapsed();
        state.waiting += 1;
        state.outcome.acceptance.record(took);
    }

    pub(crate) fn refuse(&self, number: u64, reason: String) {
        let mut state = self.state();
        state.open.remove(&number);
        state.outcome.refused += 1;
        state.outcome.refusals.insert(reason);
    }

    pub(crate) fn answer(&self, answer: &Answer) {
        self.state().answer(answer);
        self.changed.notify_waiters();
    }

    /// Posts of an answer that is still being written.
    pub(crate) fn post(&self) {
        self.state().outcome.unfinished_posts += 1;
    }

    /// Waits until all accepted messages are answered, or none was for so long.
    pub(crate) async fn wait_for_answers(&self, patience: Duration) {
        loop {
            let changed = self.changed.notified();
            if self.state().waiting == 0 || timeout(patience, changed).await.is_err() {
                return;
            }
        }
    }

    /// The account so far.
    pub(crate) fn outcome(&self, sending: Duration) -> Outcome {
        let state = self.state();
        Outcome { unanswered: state.waiting as u64, sending, ..state.outcome.clone() }
    }
}

impl State {
    fn answer(&mut self, answer: &Answer) {
        self.outcome.wrong_texts += u64::from(!answer.is_right);
        let Some(open) = self.open.remove(&answer.number) else {
            return self.answer_again(answer);
        };
        let waited = open.due.elapsed();
        self.waiting -= usize::from(open.is_accepted);
        if !open.is_accepted {
            self.outcome.acceptance.record(waited);
        }
        self.outcome.answer.record(waited);
        self.outcome.answered += 1;
        self.outcome.all_answered_after =
            self.began.map(|began| began.elapsed()).unwrap_or_default();
        let latest = self.latest.entry(open.chat).or_default();
        self.outcome.out_of_order += u64::from(*latest > answer.number);
        *latest = answer.number.max(*latest);
        self.answered.insert(answer.number, open.chat);
        // Nobody may wait.
        let _ = open.waiter.send(());
    }

    fn answer_again(&mut self, answer: &Answer) {
        // Others belong to an earlier account.
        if self.answered.contains_key(&answer.number) {
            if answer.is_marked {
                self.outcome.marked += 1;
            } else {
                self.outcome.doubled += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally() -> Tally {
        let tally = Tally::default();
        tally.begin();
        tally
    }

    /// Sends into a chat and is accepted.
    fn accepted(tally: &Tally, chat: u64) -> u64 {
        let (number, _) = tally.send(chat, Instant::now());
        tally.accept(number);
        number
    }

    fn answer(tally: &Tally, number: u64, is_marked: bool) {
        tally.answer(&Answer { number, is_right: true, is_marked });
    }

    #[test]
    fn a_second_answer_counts_as_double_unless_it_is_marked() {
        let tally = tally();
        let number = accepted(&tally, 1);
        for is_marked in [false, true, false] {
            answer(&tally, number, is_marked);
        }
        let outcome = tally.outcome(Duration::ZERO);
        assert_eq!((outcome.answered, outcome.doubled, outcome.marked), (1, 1, 1));
    }

    #[test]
    fn order_is_asked_within_a_chat_only() {
        let tally = tally();
        let numbers = [1, 1, 2].map(|chat| accepted(&tally, chat));
        for index in [2, 1, 0] {
            answer(&tally, numbers[index], false);
        }
        assert_eq!(tally.outcome(Duration::ZERO).out_of_order, 1);
    }

    #[test]
    fn an_answer_may_overtake_its_acceptance() {
        let tally = tally();
        let (number, mut answered) = tally.send(1, Instant::now());
        answer(&tally, number, false);
        assert_eq!(answered.try_recv(), Ok(()));
        tally.accept(number);
        let outcome = tally.outcome(Duration::ZERO);
        assert_eq!((outcome.accepted, outcome.answered, outcome.unanswered), (1, 1, 0));
    }

    #[test]
    fn answers_to_an_earlier_load_do_not_count() {
        let tally = tally();
        let number = accepted(&tally, 1);
        tally.begin();
        answer(&tally, number, false);
        let outcome = tally.outcome(Duration::ZERO);
        assert_eq!((outcome.answered, outcome.doubled, outcome.unanswered), (0, 0, 0));
    }

    #[test]
    fn what_was_refused_is_not_waited_for() {
        let tally = tally();
        let (number, _) = tally.send(1, Instant::now());
        tally.refuse(number, "503".to_owned());
        answer(&tally, number, false);
        let outcome = tally.outcome(Duration::ZERO);
        assert_eq!(outcome.faults(), ["1 of 1 not accepted", "503"]);
        assert_eq!(outcome.answered, 0);
    }
}
