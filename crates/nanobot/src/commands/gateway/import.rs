//! Takes over the sessions that an earlier program left in the workspace.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use nanobot_config::Paths;
use nanobot_ledger::{ImportReport, Ledger, import_sessions};

use crate::output;

/// Imports the session files that were not seen before, and says so.
pub(super) async fn import(
    ledger: &dyn Ledger,
    paths: &Paths,
    workspace: &Path,
) -> anyhow::Result<()> {
    let directory = workspace.join("sessions");
    let list = paths.data_dir.join("imported-sessions.txt");
    let report = import_sessions(ledger, &directory, &known(&list)).await?;
    note(&list, &report.files).with_context(|| format!("cannot write {}", list.display()))?;
    tell(&report, &directory);
    Ok(())
}

/// The files that were imported at earlier starts.
fn known(list: &Path) -> HashSet<PathBuf> {
    let text = std::fs::read_to_string(list).unwrap_or_default();
    text.lines().map(PathBuf::from).collect()
}

fn note(list: &Path, files: &[PathBuf]) -> std::io::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let lines: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    OpenOptions::new().create(true).append(true).open(list)?.write_all(lines.as_bytes())
}

fn tell(report: &ImportReport, directory: &Path) {
    let from = directory.display();
    match report.imported.len() {
        0 => {}
        1 => say(format_args!("Imported 1 session from {from}")),
        count => say(format_args!("Imported {count} sessions from {from}")),
    }
    for (path, error) in &report.failed {
        output::warning(format_args!("{} was not imported: {error}", path.display()));
    }
    for (path, count) in &report.unreadable_lines {
        output::warning(format_args!(
            "{} was imported without {count} lines that cannot be read",
            path.display()
        ));
    }
}

/// That nobody reads it is no reason to stop.
fn say(text: impl std::fmt::Display) {
    let _ = output::line(output::done(text));
}
