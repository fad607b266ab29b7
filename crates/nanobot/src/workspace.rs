//! The files that a new workspace starts with.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;

use crate::private_folder;

/// The files that shape the agent, with what a new one says.
const TEMPLATES: [(&str, &str); 4] = [
    ("AGENTS.md", include_str!("workspace/AGENTS.md")),
    ("SOUL.md", include_str!("workspace/SOUL.md")),
    ("TOOLS.md", include_str!("workspace/TOOLS.md")),
    ("USER.md", include_str!("workspace/USER.md")),
];

/// Makes the folder and the files that are missing, and returns their names.
pub(crate) fn create(folder: &Path) -> anyhow::Result<Vec<&'static str>> {
    private_folder::create(folder)?;
    let mut created = Vec::new();
    for (name, text) in TEMPLATES {
        let path = folder.join(name);
        if create_file(&path, text).with_context(|| format!("cannot write {}", path.display()))? {
            created.push(name);
        }
    }
    Ok(created)
}

/// Writes a file that does not exist; whatever exists, even a broken link, is somebody's own.
fn create_file(path: &Path, text: &str) -> std::io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_missing_files_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("SOUL.md");
        std::fs::write(&own, "mine").unwrap();
        assert_eq!(create(folder.path()).unwrap(), ["AGENTS.md", "TOOLS.md", "USER.md"]);
        assert_eq!(create(folder.path()).unwrap(), [""; 0]);
        assert_eq!(std::fs::read_to_string(own).unwrap(), "mine");
    }
}
