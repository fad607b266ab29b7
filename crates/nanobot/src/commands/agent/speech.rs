//! Prints an answer while it is being written.

use std::convert::Infallible;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(unix)]
use async_trait::async_trait;
use nanobot_agent::TurnEvents;
#[cfg(unix)]
use nanobot_agent::{Approver, Permission};
use tokio_util::sync::CancellationToken;

#[cfg(unix)]
use super::consent::Terminal;
use super::markdown::Markdown;
use super::spinner::Spinner;
use crate::output::{self, FAINT, OutputError, styled};

/// Pause between two pictures of the sign of life.
const TICK: Duration = Duration::from_millis(100);

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
    #[cfg(unix)]
    terminal: Option<Terminal>,
    /// Ends the turn when nobody reads it.
    cancel: CancellationToken,
}

struct State {
    markdown: Option<Markdown>,
    spinner: Spinner,
    /// Something was said in the line where the cursor is.
    is_inside_line: bool,
    /// The person is being asked something.
    is_asking: bool,
    failure: Option<OutputError>,
}

impl Speech {
    pub(super) fn new(style: Style, cancel: CancellationToken) -> Self {
        let markdown = (style == Style::Markdown).then(Markdown::default);
        let state = State {
            markdown,
            spinner: Spinner::for_terminal(),
            is_inside_line: false,
            is_asking: false,
            failure: None,
        };
        Self {
            state: Mutex::new(state),
            #[cfg(unix)]
            terminal: Terminal::if_any(),
            cancel,
        }
    }

    /// Shows that the agent is at work, whenever nothing else is to be seen in the line.
    pub(super) async fn show_life(&self) -> Infallible {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            let mut state = self.state();
            if !state.is_inside_line && !state.is_asking {
                state.spinner.turn();
            }
        }
    }

    /// Ends the last line; fails if the answer could not be printed.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.spinner.clear();
        if let Some(failure) = state.failure {
            return Err(failure);
        }
        let rest = state.markdown.map(Markdown::finish);
        output::line(rest.unwrap_or_default())
    }

    /// Says something beside the answer.
    fn note(&self, text: &str) {
        self.state().spinner.clear();
        output::note(styled(output::harmless(text), FAINT));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TurnEvents for Speech {
    fn text(&self, piece: &str) {
        let mut state = self.state();
        state.spinner.clear();
        state.is_inside_line = !piece.ends_with('\n');
        // What a model writes may come from anywhere, and a terminal obeys more than it shows.
        let piece = output::harmless(piece);
        let printed = match &mut state.markdown {
            Some(markdown) => output::piece(markdown.feed(&piece)),
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
        self.note(hint);
    }

    fn progress(&self, text: &str) {
        self.note(text);
    }

    #[cfg(unix)]
    fn approver(&self) -> Option<&dyn Approver> {
        self.terminal.as_ref().map(|_| self as &dyn Approver)
    }
}

#[cfg(unix)]
#[async_trait]
impl Approver for Speech {
    async fn ask(&self, question: &str) -> Permission {
        let Some(terminal) = &self.terminal else { return Permission::Unanswered };
        {
            let mut state = self.state();
            state.spinner.clear();
            state.is_asking = true;
        }
        let permission = terminal.ask(question).await;
        self.state().is_asking = false;
        permission
    }
}
