//! Finding of files and of text in them.

mod glob;
mod grep;

use std::path::Path;

use ignore::{DirEntry, WalkBuilder};

use super::folders::{Access, Folders, is_no_file};

pub(super) use glob::Glob;
pub(super) use grep::Grep;

/// Folders that hold what programs made.
const NOISE: [&str; 5] = [".git", "node_modules", "__pycache__", ".venv", "target"];

/// The entries of a folder in the order of their names, without those that must not be seen, that
/// `.gitignore` names, or that programs made. Links are not followed.
pub(super) fn walk(
    folders: &Folders,
    real: &Path,
    depth: Option<usize>,
) -> impl Iterator<Item = DirEntry> {
    let data_dir = folders.data_dir();
    let media = folders.media();
    let workspace = folders.workspace();
    let sessions = workspace.join("sessions");
    let is_allowed = folders.allows(real, Access::Read);
    let is_seen = move |entry: &DirEntry| {
        let path = entry.path();
        let is_noise = entry.depth() > 0
            && entry.file_name().to_str().is_some_and(|name| NOISE.contains(&name));
        let is_ours = data_dir.as_ref().is_some_and(|data_dir| path.starts_with(data_dir));
        // The folders inside that may be seen, and the way to them.
        let is_open = [Some(&workspace), media.as_ref()]
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
        .filter_map(Result::ok)
}
