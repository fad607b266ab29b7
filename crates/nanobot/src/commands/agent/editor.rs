//! The line editor, with what was typed in earlier conversations.

use std::path::PathBuf;

use anyhow::Context;
use nanobot_config::Paths;
use rustyline::Helper;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};

use crate::output::{self, FAINT, styled};
use crate::private_folder;

/// At the end of a line, it says that another one follows.
const CONTINUES: char = '\\';

pub(super) struct Editor {
    editor: rustyline::Editor<Continuation, FileHistory>,
    history: PathBuf,
}

impl Editor {
    pub(super) fn open(paths: &Paths) -> anyhow::Result<Self> {
        let folder = paths.data_dir.join("history");
        private_folder::create(&folder)?;
        let mut editor = rustyline::Editor::new().context("cannot use this terminal")?;
        editor.set_helper(Some(Continuation));
        let history = folder.join("agent");
        // There is none before the first conversation, and a damaged one is no reason not to talk.
        let _ = editor.load_history(&history);
        Ok(Self { editor, history })
    }

    /// What the person types next, of one or more lines; nothing when the person is done.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            match self.editor.readline("You: ") {
                Ok(typed) => {
                    self.remember(&typed);
                    return Ok(Some(joined(&typed)));
                }
                Err(ReadlineError::Eof) => return Ok(None),
                Err(ReadlineError::Interrupted) => {
                    output::note(styled("To leave, press Ctrl-D or type /exit.", FAINT));
                }
                Err(error) => return Err(error).context("cannot read from the terminal"),
            }
        }
    }

    fn remember(&mut self, typed: &str) {
        // Losing a line of history is no reason to end a conversation.
        if !typed.trim().is_empty() && self.editor.add_history_entry(typed).is_ok() {
            let _ = self.editor.append_history(&self.history);
        }
    }
}

/// Several lines without the marks between them.
fn joined(typed: &str) -> String {
    typed.replace("\\\n", "\n")
}

/// Asks for another line after one with a mark at its end.
struct Continuation;

impl Validator for Continuation {
    fn validate(&self, cx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match cx.input().ends_with(CONTINUES) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Completer for Continuation {
    type Candidate = String;
}

impl Hinter for Continuation {
    type Hint = String;
}

impl Highlighter for Continuation {}

impl Helper for Continuation {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_between_lines_are_taken_out() {
        assert_eq!(joined("one\\\ntwo\nC:\\dir"), "one\ntwo\nC:\\dir");
    }
}
