//! Takes over the sessions that an earlier program left in the workspace.
//!
//! Their files then go to the data folder, where commands of the agent cannot read them: walls
//! around the workspace cannot hide a folder in it. The earlier program looks there as well.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use nanobot_config::Paths;
use nanobot_ledger::{ImportReport, Ledger, import_sessions};

use crate::{exit, output, private_folder};

/// Where the files go, below the data folder.
const ASIDE: &str = "sessions";

/// Imports the session files that were not seen before, and says so.
pub(super) async fn import(
    ledger: &dyn Ledger,
    paths: &Paths,
    workspace: &Path,
) -> anyhow::Result<()> {
    let directory = workspace.join("sessions");
    let list = paths.data_dir.join("imported-sessions.txt");
    let known = known(&list);
    let report = import_sessions(ledger, &directory, &known).await?;
    note(&list, &report.files).with_context(|| format!("cannot write {}", list.display()))?;
    tell(&report, &directory);
    put_aside(&known, &report.files, &paths.data_dir.join(ASIDE));
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

/// Moves the files of sessions that the ledger has. One that cannot be moved stays, and is told.
fn put_aside(known: &HashSet<PathBuf>, new: &[PathBuf], folder: &Path) {
    let there: Vec<&PathBuf> = known.iter().chain(new).filter(|file| file.is_file()).collect();
    if there.is_empty() {
        return;
    }
    let moved = private_folder::create(folder).map_err(|error| exit::chain(&error));
    for file in there {
        let moved = moved.clone().and_then(|()| move_into(folder, file));
        if let Err(why) = moved {
            output::warning(format_args!(
                "{} can be read by commands of the agent, and could not be moved to {}: {why}",
                file.display(),
                folder.display()
            ));
        }
    }
}

/// Moves a file to a place that is free.
fn move_into(folder: &Path, file: &Path) -> Result<(), String> {
    let place = folder.join(file.file_name().unwrap_or_default());
    if place.exists() {
        return Err(format!("{} exists already", place.display()));
    }
    std::fs::rename(file, place).map_err(|error| error.to_string())
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
