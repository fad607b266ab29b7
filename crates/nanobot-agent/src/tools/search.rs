//! Finding of files and of text in them.

mod glob;
mod grep;

use std::path::Path;
use std::time::{Duration, Instant};

use ignore::{DirEntry, WalkBuilder};

use super::folders::{Access, Folders, is_no_file};

pub(super) use glob::Glob;
pub(super) use grep::Grep;

/// Longest time for one search. Nobody else can end one: it runs off the runtime's threads, and goes
/// on when its turn is cancelled.
const MAX_TIME: Duration = Duration::from_secs(30);
/// Stands at the end of what was found in time.
const OUT_OF_TIME: &str = "(The search was ended, because it took too long; narrow it.)";

/// When a search that begins now has to end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn new() -> Self {
        Self(Instant::now() + MAX_TIME)
    }

    pub(super) fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// What to say at the end of the result, if not all was looked at.
    pub(super) fn notice(self) -> Option<String> {
        self.is_over().then(|| OUT_OF_TIME.to_owned())
    }

    #[cfg(test)]
    pub(super) fn over() -> Self {
        Self(Instant::now())
    }
}

/// Folders that hold what programs made.
const NOISE: [&str; 5] = [".git", "node_modules", "__pycache__", ".venv", "target"];

/// The entries of a folder in the order of their names, without those that must not be seen, that
/// `.gitignore` names, or that programs made, as far as there is time. Links are not followed.
pub(super) fn walk(
    folders: &Folders,
    real: &Path,
    depth: Option<usize>,
    deadline: Deadline,
) -> impl Iterator<Item = DirEntry> {
    let data_dir = folders.data_dir();
    let media = folders.media();
    let workspace = folders.workspace();
    let sessions = workspace.join("sessions");
    let inner = Some(workspace).filter(|_| folders.data_dir_in_workspace().is_none());
    let is_allowed = folders.allows(real, Access::Read);
    let is_seen = move |entry: &DirEntry| {
        let path = entry.path();
        let is_noise = entry.depth() > 0
            && entry.file_name().to_str().is_some_and(|name| NOISE.contains(&name));
        let is_ours = data_dir.as_ref().is_some_and(|data_dir| path.starts_with(data_dir));
        // The folders inside that may be seen, and the way to them.
        let is_open = [inner.as_ref(), media.as_ref()]
            .into_iter()
            .flatten()
            .any(|open| path.starts_with(open) || open.starts_with(path));
        is_allowed
            && !is_no_file(path)
            && !is_noise
            && (!is_ours || is_open)
            && !path.starts_with(&sessions)
    };
    WalkBuilder::new(real)
        .hidden(false)
        .require_git(false)
        .parents(false)
        .git_global(false)
        .max_depth(depth)
        .sort_by_file_name(Ord::cmp)
        .filter_entry(is_seen)
        .build()
        .take_while(move |_| !deadline.is_over())
        .filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ToolSettings;

    #[test]
    fn a_search_that_takes_too_long_ends_and_says_so() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join("a.txt"), "tea").expect("the file is written");
        let folders = Folders::new(folder.path(), &ToolSettings::default());
        let real = folders.workspace();
        for (deadline, found) in [(Deadline::new(), "a.txt"), (Deadline::over(), OUT_OF_TIME)] {
            let pattern = glob::matcher("*.txt").expect("a pattern");
            assert_eq!(glob::find(&folders, &real, &pattern, 9, deadline), found);
            assert_eq!(grep::files_with("tea", &folders, &real, deadline), found);
            assert_eq!(super::super::files::list(&folders, &real, None, 9, deadline), found);
        }
    }
}
