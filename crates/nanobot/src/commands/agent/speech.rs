//! Prints an answer while it is being written.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};

use nanobot_agent::TurnEvents;
use tokio_util::sync::CancellationToken;

use super::markdown::Markdown;
use crate::output::{self, FAINT, OutputError, styled};

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As they are written.
    Plain,
    /// With bold and colours instead of the marks for them.
    Markdown,
}

impl Style {
    pub(super) fn of_terminal(is_plain: bool) -> Self {
        if is_plain || !io::stdout().is_terminal() { Self::Plain } else { Self::Markdown }
    }
}

/// The terminal as the listener of one turn.
pub(super) struct Speech {
    state: Mutex<State>,
    /// Ends the turn when nobody reads it.
    cancel: CancellationToken,
}

struct State {
    markdown: Option<Markdown>,
    failure: Option<OutputError>,
}

impl Speech {
    pub(super) fn new(style: Style, cancel: CancellationToken) -> Self {
        let markdown = (style == Style::Markdown).then(Markdown::default);
        Self { state: Mutex::new(State { markdown, failure: None }), cancel }
    }

    /// Ends the last line; fails if the answer could not be printed.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = state.failure {
            return Err(failure);
        }
        let rest = state.markdown.map(Markdown::finish);
        output::line(rest.unwrap_or_default())
    }
}

impl TurnEvents for Speech {
    fn text(&self, piece: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let printed = match &mut state.markdown {
            Some(markdown) => output::piece(markdown.feed(piece)),
            None => output::piece(piece),
        };
        if let Err(failure) = printed {
            state.failure = Some(failure);
            self.cancel.cancel();
        }
    }

    fn segment_end(&self, continues: bool) {
        if continues {
            self.text("\n\n");
        }
    }

    fn tool_hint(&self, hint: &str) {
        output::note(styled(hint, FAINT));
    }

    fn progress(&self, text: &str) {
        output::note(styled(text, FAINT));
    }
}
