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
    state: Mutex<State>,
}

struct State {
    /// In the order in which they are asked; the first answers where nobody has chosen.
    names: Vec<String>,
    /// The model that a session has chosen. One that is no longer configured counts for nothing.
    chosen: HashMap<String, String>,
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
        Self { state: Mutex::new(State { names, chosen: HashMap::new() }) }
    }

    /// From now on these are configured.
    pub(crate) fn configure(&self, names: Vec<String>) {
        self.state().names = names;
    }

    /// The model that a session has chosen.
    #[must_use]
    pub fn of(&self, session: &str) -> Option<String> {
        self.state().chosen_by(session).cloned()
    }

    /// Answers the command; an empty name asks only.
    #[must_use]
    pub fn obey(&self, session: &str, name: &str) -> String {
        let mut state = self.state();
        if name.is_empty() {
            return state.list(session);
        }
        let known = state.names.iter().position(|known| known.eq_ignore_ascii_case(name));
        let Some(index) = known else {
            let name: String = name.chars().take(MAX_NAME_CHARS).collect();
            return format!("No model `{name}` is configured.\n\n{}", state.list(session));
        };
        if !state.choose(session, index) {
            return "Too many sessions have chosen a model already.".to_owned();
        }
        let name = &state.names[index];
        format!(
            "`{name}` answers in this session from the next message on, until nanobot is restarted."
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn chosen_by(&self, session: &str) -> Option<&String> {
        self.chosen.get(session).filter(|name| self.names.contains(name))
    }

    fn choose(&mut self, session: &str, index: usize) -> bool {
        if index == 0 {
            self.chosen.remove(session);
            return true;
        }
        let has_room = self.chosen.contains_key(session) || self.chosen.len() < MAX_SESSIONS;
        if has_room {
            self.chosen.insert(session.to_owned(), self.names[index].clone());
        }
        has_room
    }

    fn list(&self, session: &str) -> String {
        let answering = self.chosen_by(session).or(self.names.first());
        let line = |name: &String| {
            let is_answering = answering == Some(name);
            format!("- `{name}`{}", if is_answering { " (answers in this session)" } else { "" })
        };
        let lines: Vec<String> = self.names.iter().map(line).collect();
        let hint = if lines.len() > 1 { "\nChoose one with `/model NAME`." } else { "" };
        format!("Configured models:\n{}{hint}", lines.join("\n"))
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
        assert_eq!((choices.of("a"), choices.of("b")), (Some("small".to_owned()), None));
        assert!(choices.obey("a", "").contains("- `small` (answers in this session)"));
        assert!(choices.obey("a", "big").starts_with("`big`"));
        assert_eq!(choices.of("a"), None);
    }

    #[test]
    fn a_choice_counts_only_while_its_model_is_configured() {
        let choices = choices();
        let _ = choices.obey("a", "small");
        choices.configure(vec!["big".into(), "new".into()]);
        assert_eq!(choices.of("a"), None);
        assert!(choices.obey("a", "").contains("- `big` (answers in this session)"));
        choices.configure(vec!["big".into(), "small".into()]);
        assert_eq!(choices.of("a"), Some("small".to_owned()));
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
