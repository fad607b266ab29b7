//! What is to be done with a config that exists.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use anyhow::Context;

use crate::output::{self, CAUTION, styled};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// Keep everything and add what is missing.
    Refresh,
    /// Start again from the defaults.
    Overwrite,
}

impl Existing {
    /// What the command line says, if anything.
    pub(super) fn from_options(refresh: bool, overwrite: bool) -> Option<Self> {
        match (refresh, overwrite) {
            (_, true) => Some(Self::Overwrite),
            (true, false) => Some(Self::Refresh),
            (false, false) => None,
        }
    }
}

/// Asks the person at the terminal. Where there is none, nothing is overwritten.
pub(super) fn ask(path: &Path) -> anyhow::Result<Existing> {
    if !io::stdin().is_terminal() {
        return Ok(Existing::Refresh);
    }
    let exists = format!("Config already exists at {}", path.display());
    output::note(styled(exists, CAUTION));
    output::note("  y = overwrite with defaults (the existing one is kept as a backup)");
    output::note("  N = refresh config, keeping existing values and adding new fields");
    output::prompt("Overwrite? [y/N]: ");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the answer")?;
    Ok(understand(&line))
}

fn understand(line: &str) -> Existing {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Existing::Overwrite,
        _ => Existing::Refresh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_overwrites() {
        for line in ["y\n", "Y", " yes "] {
            assert_eq!(understand(line), Existing::Overwrite, "{line:?}");
        }
        for line in ["", "\n", "n\n", "yup", "overwrite"] {
            assert_eq!(understand(line), Existing::Refresh, "{line:?}");
        }
    }
}
