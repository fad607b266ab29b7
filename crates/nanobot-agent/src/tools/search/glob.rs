//! The tool `glob`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use globset::{GlobBuilder, GlobMatcher};

use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};
use crate::tools::folders::{Access, Folders};
use crate::tools::{blocking, spec};

use super::{Deadline, walk};

const DEFAULT_PATHS: usize = 250;

/// Finds files by their names.
pub(in crate::tools) struct Glob {
    folders: Arc<Folders>,
}

impl Glob {
    pub(in crate::tools) fn new(folders: &Arc<Folders>) -> Self {
        Self { folders: Arc::clone(folders) }
    }
}

#[async_trait]
impl Tool for Glob {
    fn spec(&self) -> ToolSpec {
        spec(
            "glob",
            "Finds files by a pattern such as `*.md` or `src/**/*.rs`, newest first. A pattern \
             without a slash is looked for at any depth.",
            &[
                ("pattern*", "string", "Pattern for the path"),
                ("path", "string", "Folder to look in, the workspace unless given"),
                ("head_limit", "integer", "Most paths, 250 unless given"),
            ],
        )
    }

    fn is_read_only(&self) -> bool {
        true
    }

    async fn call(&self, arguments: &Arguments, _: &ToolContext<'_>) -> Result<String, ToolError> {
        let matcher = matcher(arguments.text("pattern")?)?;
        let typed = arguments.optional_text("path").unwrap_or(".").to_owned();
        let most = arguments.number("head_limit").and_then(|it| usize::try_from(it).ok());
        let most = most.unwrap_or(DEFAULT_PATHS).max(1);
        let folders = Arc::clone(&self.folders);
        blocking(move || {
            let real = folders.locate(&typed, Access::Read)?;
            Ok(find(&folders, &real, &matcher, most, Deadline::new()))
        })
        .await
    }
}

/// A pattern for paths below the folder that is searched.
pub(super) fn matcher(pattern: &str) -> Result<GlobMatcher, ToolError> {
    let pattern = pattern.trim().trim_start_matches("./");
    let anywhere = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
    let glob = GlobBuilder::new(&anywhere).literal_separator(true).build();
    let glob =
        glob.map_err(|error| ToolError::new(format!("the pattern is not valid: {error}")))?;
    Ok(glob.compile_matcher())
}

pub(super) fn find(
    folders: &Folders,
    real: &Path,
    matcher: &GlobMatcher,
    most: usize,
    deadline: Deadline,
) -> String {
    let mut found: Vec<(Option<SystemTime>, PathBuf)> = walk(folders, real, None, deadline)
        .filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()))
        .filter(|entry| {
            let inside = entry.path().strip_prefix(real).unwrap_or(entry.path());
            matcher.is_match(inside)
        })
        .map(|entry| {
            let modified = entry.metadata().ok().and_then(|metadata| metadata.modified().ok());
            (modified, entry.into_path())
        })
        .collect();
    found.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    let notice = deadline.notice();
    if found.is_empty() {
        return notice.unwrap_or_else(|| "No file matches.".to_owned());
    }
    let left_out = found.len().saturating_sub(most);
    let mut lines: Vec<String> =
        found.iter().take(most).map(|(_, path)| folders.shown(path)).collect();
    if left_out > 0 {
        lines.push(format!("({left_out} more files match.)"));
    }
    lines.extend(notice);
    lines.join("\n")
}
