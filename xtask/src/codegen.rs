//! Files that are generated from types and committed.

use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::Value;

/// A generated file.
struct Generated {
    /// From the root of the repository.
    path: &'static str,
    text: String,
}

/// Writes the files that are not up to date.
pub(crate) fn write() -> anyhow::Result<ExitCode> {
    for file in outdated()? {
        let path = root().join(file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, file.text)
            .with_context(|| format!("failed to write {}", file.path))?;
        writeln!(stdout(), "Wrote {}.", file.path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails if a file is not up to date.
pub(crate) fn check() -> anyhow::Result<ExitCode> {
    let outdated = outdated()?;
    for file in &outdated {
        let line = first_difference(&committed(file.path), &file.text);
        writeln!(stderr(), "{} is not up to date, first at line {line}.", file.path)?;
    }
    if outdated.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        stderr(),
        "hint: run `cargo run -p xtask -- codegen`, look at `git diff`, and commit the files"
    )?;
    Ok(ExitCode::FAILURE)
}

fn outdated() -> anyhow::Result<Vec<Generated>> {
    let mut files = generate()?;
    files.retain(|file| committed(file.path) != file.text);
    Ok(files)
}

fn generate() -> anyhow::Result<Vec<Generated>> {
    let protocol = nanobot_protocol::schema();
    let config = nanobot_config::schema().to_value();
    Ok(vec![
        json("protocol/v1/schema.json", &protocol)?,
        json("docs/reference/config.schema.json", &config)?,
    ])
}

fn json(path: &'static str, value: &Value) -> anyhow::Result<Generated> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(Generated { path, text })
}

/// Empty if the file does not exist yet.
fn committed(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

fn first_difference(committed: &str, generated: &str) -> usize {
    let pairs = committed.lines().zip(generated.lines());
    pairs.take_while(|(old, new)| old == new).count() + 1
}

fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_difference_is_counted_from_one() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), 2);
        assert_eq!(first_difference("", "a\n"), 1);
    }
}
