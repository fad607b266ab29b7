//! Shows in a terminal that the agent is at work.

use crate::output::{FAINT, styled};
use crate::terminal::PassingLine;

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// A sign of life on a line of its own.
pub(super) struct Spinner {
    line: PassingLine,
    frame: usize,
}

impl Spinner {
    pub(super) fn for_terminal() -> Self {
        Self { line: PassingLine::for_terminal(), frame: 0 }
    }

    /// Shows the next picture.
    pub(super) fn turn(&mut self) {
        let frame = FRAMES[self.frame % FRAMES.len()];
        self.line.show(styled(frame, FAINT));
        self.frame += 1;
    }

    /// Makes room for other things.
    pub(super) fn clear(&mut self) {
        self.line.clear();
    }
}
