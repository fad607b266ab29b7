//! The tool `list_dir`.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};
use crate::tools::folders::{Access, Folders};
use crate::tools::search::{Deadline, walk};
use crate::tools::{blocking, spec};

const DEFAULT_ENTRIES: usize = 200;

/// Lists a folder.
pub(in crate::tools) struct ListDir {
    folders: Arc<Folders>,
}

impl ListDir {
    pub(in crate::tools) fn new(folders: &Arc<Folders>) -> Self {
        Self { folders: Arc::clone(folders) }
    }
}

#[async_trait]
impl Tool for ListDir {
    fn spec(&self) -> ToolSpec {
        spec(
            "list_dir",
            "Lists the entries of a folder; folders end with a slash.",
            &[
                ("path*", "string", "Folder, absolute or below the workspace"),
                ("recursive", "boolean", "List the folders inside as well"),
                ("max_entries", "integer", "Most entries, 200 unless given"),
            ],
        )
    }

    fn is_read_only(&self) -> bool {
        true
    }

    async fn call(&self, arguments: &Arguments, _: &ToolContext<'_>) -> Result<String, ToolError> {
        let typed = arguments.text("path")?.to_owned();
        let depth = if arguments.flag("recursive") { None } else { Some(1) };
        let most = arguments.number("max_entries").and_then(|it| usize::try_from(it).ok());
        let most = most.unwrap_or(DEFAULT_ENTRIES).max(1);
        let folders = Arc::clone(&self.folders);
        blocking(move || {
            let real = folders.locate(&typed, Access::Read)?;
            if !real.is_dir() {
                return Err(ToolError::new(format!("{typed} is not a folder")));
            }
            Ok(list(&folders, &real, depth, most, Deadline::new()))
        })
        .await
    }
}

pub(in crate::tools) fn list(
    folders: &Folders,
    real: &Path,
    depth: Option<usize>,
    most: usize,
    deadline: Deadline,
) -> String {
    let mut entries = Vec::new();
    let mut left_out = 0_usize;
    for entry in walk(folders, real, depth, deadline).filter(|entry| entry.depth() > 0) {
        if entries.len() == most {
            left_out += 1;
            continue;
        }
        let name = entry.path().strip_prefix(real).unwrap_or(entry.path()).display();
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        entries.push(format!("{name}{}", if is_folder { "/" } else { "" }));
    }
    let notice = deadline.notice();
    if entries.is_empty() {
        return notice.unwrap_or_else(|| "(The folder is empty.)".to_owned());
    }
    if left_out > 0 {
        entries.push(format!("({left_out} more entries.)"));
    }
    entries.extend(notice);
    entries.join("\n")
}
