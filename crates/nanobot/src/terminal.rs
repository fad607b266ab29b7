//! The terminal that stdout may be: how wide it is, and drawing on it.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use crate::output;

/// Columns of the terminal that shows stdout; `None` if none does, so that nothing need be cut.
pub(crate) fn width() -> Option<usize> {
    size().map(|(columns, _)| columns)
}

/// Columns and rows of the terminal that shows stdout.
fn size() -> Option<(usize, usize)> {
    if !io::stdout().is_terminal() {
        return None;
    }
    system_size().filter(|(columns, rows)| *columns > 0 && *rows > 0)
}

#[cfg(unix)]
fn system_size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some((size.ws_col.into(), size.ws_row.into()))
}

#[cfg(not(unix))]
fn system_size() -> Option<(usize, usize)> {
    None
}

/// A line on stderr that says what is being done, and goes away again.
pub(crate) struct PassingLine {
    is_wanted: bool,
    is_shown: bool,
}

/// Goes to the beginning of the line and empties it.
const CLEAR: &str = "\r\u{1b}[K";

impl PassingLine {
    /// Only where a person looks at both streams: the line would stand in the middle of a log.
    pub(crate) fn for_terminal() -> Self {
        let is_wanted = io::stderr().is_terminal() && io::stdout().is_terminal();
        Self { is_wanted, is_shown: false }
    }

    /// Shows a text in place of the one before.
    pub(crate) fn show(&mut self, text: impl Display) {
        if self.is_wanted {
            output::prompt(format_args!("{CLEAR}{text}"));
            self.is_shown = true;
        }
    }

    /// Makes room for other things.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            output::prompt(CLEAR);
        }
    }
}

/// A terminal on which lines are drawn again and again in the same place.
///
/// What was drawn last stays when this is over.
pub(crate) struct Screen {
    has_colours: bool,
    is_new: bool,
}

impl Screen {
    /// The terminal that shows stdout, if one does and it can be drawn on.
    pub(crate) fn open() -> Option<Self> {
        size()?;
        if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            return None;
        }
        let choice = anstream::AutoStream::choice(&io::stdout());
        Some(Self { has_colours: choice != anstream::ColorChoice::Never, is_new: true })
    }

    /// Draws lines in place of those before; those that do not fit on the screen are left out.
    pub(crate) fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        // The cursor stands in the last row.
        let rows = size().map_or(usize::MAX, |(_, rows)| rows.saturating_sub(1));
        let mut picture = String::from(if self.is_new { "\x1b[2J\x1b[H" } else { "\x1b[H" });
        self.is_new = false;
        for line in lines.iter().take(rows) {
            if self.has_colours {
                picture.push_str(line);
            } else {
                picture.push_str(&anstream::adapter::strip_str(line).to_string());
            }
            // To the end of the line, whatever was there.
            picture.push_str("\x1b[K\n");
        }
        picture.push_str("\x1b[J");
        let mut stdout = io::stdout().lock();
        stdout.write_all(picture.as_bytes())?;
        stdout.flush()
    }
}
