//! A conversation, line by line.

use nanobot_config::Paths;
use nanobot_gateway::model_command;
use tokio::runtime::Runtime;

use super::conversation::Conversation;
use super::editor::Editor;
use super::once;
use super::speech::Style;
use crate::exit::Outcome;
use crate::output;

const HELP: &str = "\
/new           forget this conversation and start another
/status        show model and session
/model [NAME]  show which model answers, or choose another one
/stop          stop the answer that is being written; here Ctrl-C does it
/help          show this list
/exit          leave; so do exit, quit, /quit, :q and Ctrl-D
A \\ at the end of a line lets you write another one.";

/// Answer to `/stop`: nothing can be typed while an answer is written.
const NOTHING_TO_STOP: &str = "Nothing is running. Ctrl-C stops an answer.";

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Nothing,
    Exit,
    Help,
    New,
    Status,
    Stop,
    Model(&'a str),
    Say(&'a str),
}

pub(super) fn run(
    runtime: &Runtime,
    conversation: &mut Conversation<'_>,
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
                runtime.block_on(conversation.clear())?;
                output::note("New session started.");
            }
            Line::Status => output::note(conversation.status()),
            Line::Stop => output::note(NOTHING_TO_STOP),
            Line::Model(name) => output::note(conversation.choose_model(name)),
            Line::Say(text) => {
                runtime.block_on(once::say(conversation, text, style))?;
                output::line("")?;
            }
        }
    }
    Ok(Outcome::Success)
}

fn greet(conversation: &Conversation<'_>) {
    let model = conversation.model();
    output::note(format_args!("🐈 nanobot, model {}. /help says what you can do.", model.name));
    if let Some(hint) = &model.hint {
        output::hint(hint);
    }
    output::note("");
}

fn understand(line: &str) -> Line<'_> {
    let text = line.trim();
    if let Some(name) = model_command::parse(text) {
        return Line::Model(name);
    }
    match text.to_lowercase().as_str() {
        "" => Line::Nothing,
        "exit" | "quit" | "/exit" | "/quit" | ":q" => Line::Exit,
        "/help" => Line::Help,
        "/new" => Line::New,
        "/status" => Line::Status,
        "/stop" => Line::Stop,
        _ => Line::Say(text),
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
        check("/model", &Line::Model(""));
        check("/model a/b", &Line::Model("a/b"));
        check(" exit now ", &Line::Say("exit now"));
    }
}
