//! A conversation, line by line.

use std::path::PathBuf;

use anyhow::Context;
use nanobot_config::Paths;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::runtime::Runtime;

use super::conversation::Conversation;
use super::once;
use super::speech::Style;
use crate::exit::Outcome;
use crate::output::{self, FAINT, styled};
use crate::private_folder;

const HELP: &str = "\
/new   forget this conversation and start another
/help  show this list
/exit  leave; so do exit, quit, /quit, :q and Ctrl-D
Ctrl-C stops an answer.";

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Nothing,
    Exit,
    Help,
    New,
    Say(&'a str),
}

pub(super) fn run(
    runtime: &Runtime,
    conversation: &mut Conversation,
    style: Style,
    paths: &Paths,
) -> anyhow::Result<Outcome> {
    greet(conversation);
    let mut editor = Editor::open(paths)?;
    while let Some(line) = editor.next()? {
        match understand(&line) {
            Line::Nothing => {}
            Line::Exit => break,
            Line::Help => output::note(HELP),
            Line::New => {
                conversation.clear();
                output::note("New session started.");
            }
            Line::Say(text) => {
                runtime.block_on(once::say(conversation, text, style))?;
                output::line("")?;
            }
        }
    }
    Ok(Outcome::Success)
}

fn greet(conversation: &Conversation) {
    let model = conversation.model();
    output::note(format_args!("🐈 nanobot, model {}. /help says what you can do.", model.name));
    if let Some(hint) = &model.hint {
        output::hint(hint);
    }
    output::note("");
}

fn understand(line: &str) -> Line<'_> {
    let text = line.trim();
    match text.to_lowercase().as_str() {
        "" => Line::Nothing,
        "exit" | "quit" | "/exit" | "/quit" | ":q" => Line::Exit,
        "/help" => Line::Help,
        "/new" => Line::New,
        _ => Line::Say(text),
    }
}

/// The line editor, with what was typed in earlier conversations.
struct Editor {
    editor: DefaultEditor,
    history: PathBuf,
}

impl Editor {
    fn open(paths: &Paths) -> anyhow::Result<Self> {
        let folder = paths.data_dir.join("history");
        private_folder::create(&folder)?;
        let mut editor = DefaultEditor::new().context("cannot use this terminal")?;
        let history = folder.join("agent");
        // There is none before the first conversation, and a damaged one is no reason not to talk.
        let _ = editor.load_history(&history);
        Ok(Self { editor, history })
    }

    /// The next line; nothing when the person is done.
    fn next(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            match self.editor.readline("You: ") {
                Ok(line) => {
                    self.remember(&line);
                    return Ok(Some(line));
                }
                Err(ReadlineError::Eof) => return Ok(None),
                Err(ReadlineError::Interrupted) => {
                    output::note(styled("To leave, press Ctrl-D or type /exit.", FAINT));
                }
                Err(error) => return Err(error).context("cannot read from the terminal"),
            }
        }
    }

    fn remember(&mut self, line: &str) {
        // Losing a line of history is no reason to end a conversation.
        if !line.trim().is_empty() && self.editor.add_history_entry(line).is_ok() {
            let _ = self.editor.append_history(&self.history);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_words_to_the_program_or_to_the_agent() {
        #[track_caller]
        fn check(line: &str, expected: &Line<'_>) {
            assert_eq!(&understand(line), expected, "{line:?}");
        }
        for exit in ["exit", "QUIT", "/exit", "/quit", ":q", " exit "] {
            check(exit, &Line::Exit);
        }
        check("  ", &Line::Nothing);
        check("/New", &Line::New);
        check("/help me", &Line::Say("/help me"));
        check(" exit now ", &Line::Say("exit now"));
    }
}
