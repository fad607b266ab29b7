use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// Deliveries that are remembered; the oldest is forgotten first.
pub(super) const MAX_DELIVERIES: usize = 1000;

/// One message of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown<I> {
    /// The platform's id of it.
    pub message_id: I,
    /// Hash of the text it shows, where this process knows it.
    pub text: Option<u64>,
}

/// What is known of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<I> {
    /// The messages that show the parts of its text.
    pub parts: Vec<Shown<I>>,
    /// The messages that carry its files, by their place among them.
    pub files: HashMap<usize, I>,
    /// Something was begun to be sent, and what became of it is not known.
    is_open: bool,
    /// It was sent again after that, so a person may see something of it twice.
    is_repeat: bool,
    is_done: bool,
    /// The message of a person that it answers.
    question: Option<String>,
}

/// A line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Note<I> {
    /// A message is about to be sent.
    Begin { delivery: String, question: Option<String> },
    /// It was not sent.
    Refused { delivery: String },
    /// A message shows a part of the text.
    Part { delivery: String, index: usize, message_id: I },
    /// The parts from this one on were deleted.
    Cut { delivery: String, index: usize },
    /// A message carries a file.
    File { delivery: String, index: usize, message_id: I },
    /// All of it is there.
    Done { delivery: String },
}

/// All deliveries that are remembered. Pure state: notes in, answers out.
pub(super) struct Known<I> {
    by_id: HashMap<String, Delivery<I>>,
    order: VecDeque<String>,
}

impl<I> Default for Known<I> {
    fn default() -> Self {
        Self { by_id: HashMap::new(), order: VecDeque::new() }
    }
}

impl<I> Default for Delivery<I> {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            files: HashMap::new(),
            is_open: false,
            is_repeat: false,
            is_done: false,
            question: None,
        }
    }
}

impl<I> Delivery<I> {
    /// True if what is sent now may be a second copy.
    #[must_use]
    pub fn may_be_doubled(&self) -> bool {
        self.is_open || self.is_repeat
    }
}

impl<I> Note<I> {
    fn delivery(&self) -> &str {
        match self {
            Self::Begin { delivery, .. }
            | Self::Refused { delivery }
            | Self::Part { delivery, .. }
            | Self::Cut { delivery, .. }
            | Self::File { delivery, .. }
            | Self::Done { delivery } => delivery,
        }
    }
}

impl<I: Clone + PartialEq> Known<I> {
    pub(super) fn get(&self, id: &str) -> Option<&Delivery<I>> {
        self.by_id.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Delivery<I>> {
        self.by_id.get_mut(id)
    }

    pub(super) fn apply(&mut self, note: &Note<I>) {
        let id = note.delivery();
        if !self.by_id.contains_key(id) {
            self.order.push_back(id.to_owned());
        }
        self.by_id.entry(id.to_owned()).or_default().apply(note);
        self.forget_oldest();
    }

    pub(super) fn has_message(&self, message_id: &I) -> bool {
        let is_of = |delivery: &Delivery<I>| {
            delivery.parts.iter().any(|shown| shown.message_id == *message_id)
                || delivery.files.values().any(|file| file == message_id)
        };
        self.by_id.values().any(is_of)
    }

    /// The deliveries that were cut off before they were done, by the message that they answer.
    pub(super) fn unfinished(&self) -> HashMap<String, String> {
        let ids = self.order.iter().filter(|id| !self.by_id[*id].is_done);
        ids.filter_map(|id| Some((self.by_id[id].question.clone()?, id.clone()))).collect()
    }

    /// All that is known, as notes.
    pub(super) fn notes(&self) -> Vec<Note<I>> {
        self.order.iter().flat_map(|id| self.by_id[id].notes(id)).collect()
    }

    /// What is known of one delivery, as notes of another.
    pub(super) fn notes_as(&self, from: &str, to: &str) -> Vec<Note<I>> {
        self.get(from).map(|delivery| delivery.notes(to)).unwrap_or_default()
    }

    fn forget_oldest(&mut self) {
        while self.order.len() > MAX_DELIVERIES {
            if let Some(oldest) = self.order.pop_front() {
                self.by_id.remove(&oldest);
            }
        }
    }
}

impl<I: Clone> Delivery<I> {
    fn apply(&mut self, note: &Note<I>) {
        match note {
            Note::Begin { question, .. } => {
                self.is_repeat |= self.is_open;
                self.is_open = true;
                self.question.clone_from(question);
            }
            Note::Refused { .. } => self.is_open = false,
            Note::Part { index, message_id, .. } => {
                self.is_open = false;
                let shown = Shown { message_id: message_id.clone(), text: None };
                match self.parts.get_mut(*index) {
                    Some(part) => *part = shown,
                    None => self.parts.push(shown),
                }
            }
            Note::Cut { index, .. } => self.parts.truncate(*index),
            Note::File { index, message_id, .. } => {
                self.is_open = false;
                self.files.insert(*index, message_id.clone());
            }
            Note::Done { .. } => self.is_done = true,
        }
    }

    fn notes(&self, id: &str) -> Vec<Note<I>> {
        let delivery = || id.to_owned();
        let begin = || Note::Begin { delivery: delivery(), question: self.question.clone() };
        let mut notes = Vec::new();
        // Twice begun is what makes a repetition.
        if self.is_repeat {
            notes.extend([begin(), begin()]);
        } else if self.question.is_some() {
            notes.push(begin());
        }
        if !notes.is_empty() {
            notes.push(Note::Refused { delivery: delivery() });
        }
        let parts = self.parts.iter().enumerate();
        notes.extend(parts.map(|(index, shown)| {
            let message_id = shown.message_id.clone();
            Note::Part { delivery: delivery(), index, message_id }
        }));
        let files = self.files.iter().map(|(index, message_id)| (*index, message_id.clone()));
        notes.extend(files.map(|(index, message_id)| {
            let delivery = delivery();
            Note::File { delivery, index, message_id }
        }));
        if self.is_open {
            notes.push(begin());
        }
        if self.is_done {
            notes.push(Note::Done { delivery: delivery() });
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin() -> Note<i64> {
        Note::Begin { delivery: "d".into(), question: Some("7/1".into()) }
    }

    fn part(delivery: &str, index: usize, message_id: i64) -> Note<i64> {
        Note::Part { delivery: delivery.into(), index, message_id }
    }

    fn refused() -> Note<i64> {
        Note::Refused { delivery: "d".into() }
    }

    fn state(notes: &[Note<i64>]) -> Known<i64> {
        let mut known = Known::default();
        notes.iter().for_each(|note| known.apply(note));
        known
    }

    #[test]
    fn only_what_was_begun_and_neither_noted_nor_refused_may_be_doubled() {
        #[track_caller]
        fn check(notes: &[Note<i64>], is_doubled: bool) {
            let known = state(notes);
            assert_eq!(known.get("d").unwrap().may_be_doubled(), is_doubled);
            // The file is written anew now and then, and must say the same.
            let again = state(&known.notes());
            assert_eq!(again.get("d"), known.get("d"));
        }
        check(&[begin()], true);
        check(&[begin(), refused()], false);
        check(&[begin(), part("d", 0, 5)], false);
        check(&[begin(), part("d", 0, 5), begin()], true);
        check(&[begin(), begin(), part("d", 0, 5)], true);
        check(&[begin(), refused(), begin(), part("d", 0, 5)], false);
    }

    #[test]
    fn delivery_that_was_cut_off_is_found_by_the_question_and_a_finished_one_is_not() {
        let done = Note::Done { delivery: "d".into() };
        let cut_off = state(&[begin(), part("d", 0, 5)]);
        assert_eq!(cut_off.unfinished(), HashMap::from([("7/1".into(), "d".into())]));
        assert!(state(&[begin(), part("d", 0, 5), done]).unfinished().is_empty());
    }

    #[test]
    fn oldest_delivery_is_forgotten_first() {
        let mut known = Known::default();
        for number in 0..=MAX_DELIVERIES {
            known.apply(&part(&format!("d{number}"), 0, 1));
        }
        assert!(known.get("d0").is_none() && known.get("d1").is_some());
    }
}
