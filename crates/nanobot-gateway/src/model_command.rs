//! The command `/model`: which model answers in a session.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Word that begins the command.
const WORD: &str = "/model";
/// Sessions that may have a model of their own.
const MAX_SESSIONS: usize = 1_000;
/// Longest name that is repeated.
const MAX_NAME_CHARS: usize = 100;

/// The models, and which sessions have chosen another one than the first. Kept in memory only.
pub struct ModelChoices {
    /// In the order in which they are asked; the first answers where nobody has chosen.
    names: Vec<String>,
    chosen: Mutex<HashMap<String, usize>>,
}

/// Reads a message: some if it is the command, with the name in it.
#[must_use]
pub fn parse(text: &str) -> Option<&str> {
    let (word, name) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    word.eq_ignore_ascii_case(WORD).then_some(name.trim())
}

impl ModelChoices {
    /// Where nobody has chosen, the first of these answers.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self { names, chosen: Mutex::default() }
    }

    /// The model that a session has chosen.
    #[must_use]
    pub fn of(&self, session: &str) -> Option<&str> {
        let index = *self.chosen().get(session)?;
        self.names.get(index).map(String::as_str)
    }

    /// Answers the command; an empty name asks only.
    #[must_use]
    pub fn obey(&self, session: &str, name: &str) -> String {
        if name.is_empty() {
            return self.list(session);
        }
        let same = |known: &String| known.eq_ignore_ascii_case(name);
        let Some(index) = self.names.iter().position(same) else {
            let name: String = name.chars().take(MAX_NAME_CHARS).collect();
            return format!("No model `{name}` is configured.\n\n{}", self.list(session));
        };
        if !self.choose(session, index) {
            return "Too many sessions have chosen a model already.".to_owned();
        }
        let name = &self.names[index];
        format!(
            "`{name}` answers in this session from the next message on, until nanobot is restarted."
        )
    }

    fn choose(&self, session: &str, index: usize) -> bool {
        let mut chosen = self.chosen();
        if index == 0 {
            chosen.remove(session);
            return true;
        }
        let has_room = chosen.contains_key(session) || chosen.len() < MAX_SESSIONS;
        if has_room {
            chosen.insert(session.to_owned(), index);
        }
        has_room
    }

    fn list(&self, session: &str) -> String {
        let index = self.chosen().get(session).copied().unwrap_or(0);
        let line = |(place, name): (usize, &String)| {
            format!("- `{name}`{}", if place == index { " (answers in this session)" } else { "" })
        };
        let lines: Vec<String> = self.names.iter().enumerate().map(line).collect();
        let hint = if lines.len() > 1 { "\nChoose one with `/model NAME`." } else { "" };
        format!("Configured models:\n{}{hint}", lines.join("\n"))
    }

    fn chosen(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> ModelChoices {
        ModelChoices::new(vec!["big".into(), "small".into()])
    }

    #[test]
    fn the_command_is_a_word_with_or_without_a_name() {
        for (text, expected) in [
            ("/model", Some("")),
            (" /MODEL \n", Some("")),
            ("/model  a/b:c ", Some("a/b:c")),
            ("/models", None),
            ("model", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_session_has_the_model_that_it_chose_and_others_the_first() {
        let choices = choices();
        let answer = choices.obey("a", "SMALL");
        assert!(answer.starts_with("`small` answers in this session"), "{answer}");
        assert_eq!((choices.of("a"), choices.of("b")), (Some("small"), None));
        assert!(choices.obey("a", "").contains("- `small` (answers in this session)"));
        assert!(choices.obey("a", "big").starts_with("`big`"));
        assert_eq!(choices.of("a"), None);
    }

    #[test]
    fn a_model_that_is_not_configured_is_refused_with_those_that_are() {
        let answer = choices().obey("a", "offline:/etc/passwd");
        assert!(answer.starts_with("No model `offline:/etc/passwd` is configured."), "{answer}");
        assert!(answer.contains("- `big` (answers") && answer.contains("- `small`"), "{answer}");
    }

    #[test]
    fn sessions_with_a_model_of_their_own_are_bounded() {
        let choices = choices();
        for session in 0..MAX_SESSIONS {
            let answer = choices.obey(&session.to_string(), "small");
            assert!(answer.starts_with("`small`"), "{answer}");
        }
        assert!(choices.obey("one more", "small").starts_with("Too many"));
        assert!(choices.obey("7", "small").starts_with("`small`"), "this one has chosen before");
    }
}
