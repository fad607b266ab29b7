//! Everything that is printed: data on stdout, what is said about it on stderr.
//!
//! Styles are written always; the streams take them out again unless a terminal shows them and
//! `NO_COLOR` is not set.

use std::fmt::{self, Display};
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const CAUTION: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const ACCENT: Style = AnsiColor::Cyan.on_default();

/// Writing to stdout failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to the standard output")]
pub(crate) struct OutputError(#[from] io::Error);

/// Prints a line of data.
pub(crate) fn line(text: impl Display) -> Result<(), OutputError> {
    Ok(writeln!(anstream::stdout().lock(), "{text}")?)
}

/// Prints a piece of a line at once.
pub(crate) fn piece(text: impl Display) -> Result<(), OutputError> {
    let mut stdout = anstream::stdout().lock();
    write!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

/// Prints a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), OutputError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    line(text)
}

/// Says something beside the data. That nobody may hear it is no reason to stop.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Says something beside the data, without an end of line.
pub(crate) fn prompt(text: impl Display) {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

pub(crate) fn error(text: &str) {
    note(format_args!("{} {text}", styled("Error:", BAD)));
}

pub(crate) fn warning(text: impl Display) {
    note(format_args!("{} {text}", styled("Warning:", CAUTION)));
}

pub(crate) fn hint(text: impl Display) {
    note(format_args!("{} {text}", styled("hint:", ACCENT)));
}

/// A text in a style.
pub(crate) fn styled<T: Display>(text: T, style: Style) -> Styled<T> {
    Styled { text, style }
}

/// A text from outside without what a terminal would obey.
pub(crate) fn harmless(text: &str) -> String {
    let is_obeyed = |character: char| character.is_control() && !"\n\t".contains(character);
    text.replace(is_obeyed, "\u{fffd}")
}

/// A green check mark and a text.
pub(crate) fn done(text: impl Display) -> String {
    format!("{} {text}", styled("✓", GOOD))
}

/// A text in a style.
pub(crate) struct Styled<T> {
    text: T,
    style: Style,
}

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.style.render(), self.text, self.style.render_reset())
    }
}

/// True if a command failed because nobody reads its output any more.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<OutputError>()
        .is_some_and(|OutputError(cause)| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_move_the_cursor() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\nc");
    }
}
