//! Shows in a terminal that the agent is at work.

use std::io::{self, IsTerminal};

use crate::output::{self, FAINT, styled};

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/// Goes to the beginning of the line and empties it.
const CLEAR: &str = "\r\u{1b}[K";

/// A sign of life on a line of its own.
pub(super) struct Spinner {
    is_wanted: bool,
    is_shown: bool,
    frame: usize,
}

impl Spinner {
    /// Only where a person looks at both streams: the sign would stand in the middle of a log.
    pub(super) fn for_terminal() -> Self {
        let is_wanted = io::stderr().is_terminal() && io::stdout().is_terminal();
        Self { is_wanted, is_shown: false, frame: 0 }
    }

    /// Shows the next picture.
    pub(super) fn turn(&mut self) {
        if self.is_wanted {
            let frame = FRAMES[self.frame % FRAMES.len()];
            output::prompt(format_args!("{CLEAR}{}", styled(frame, FAINT)));
            self.is_shown = true;
            self.frame += 1;
        }
    }

    /// Makes room for other things.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            output::prompt(CLEAR);
        }
    }
}
