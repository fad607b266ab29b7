use std::io::{self, Write};

/// Writes a result to stdout.
pub(crate) fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// Writes a line about the progress to stderr, where nobody may listen.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
