//! The tool `write_file`.

use std::sync::Arc;

use async_trait::async_trait;

use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};
use crate::tools::folders::{Access, Folders};
use crate::tools::{blocking, file_error, spec};

/// Writes a whole file.
pub(in crate::tools) struct WriteFile {
    folders: Arc<Folders>,
}

impl WriteFile {
    pub(in crate::tools) fn new(folders: &Arc<Folders>) -> Self {
        Self { folders: Arc::clone(folders) }
    }
}

#[async_trait]
impl Tool for WriteFile {
    fn spec(&self) -> ToolSpec {
        spec(
            "write_file",
            "Writes a file, in the place of what was there. Missing folders are created. To change \
             a part of a file use edit_file.",
            &[
                ("path*", "string", "File, absolute or below the workspace"),
                ("content*", "string", "Whole content"),
            ],
        )
    }

    async fn call(&self, arguments: &Arguments, _: &ToolContext<'_>) -> Result<String, ToolError> {
        let typed = arguments.text("path")?.to_owned();
        let content = arguments.text("content")?.to_owned();
        let folders = Arc::clone(&self.folders);
        blocking(move || {
            let real = folders.locate(&typed, Access::Write)?;
            let written = folders.replace(&real, content.as_bytes());
            written.map_err(|error| file_error("write", &typed, &error))?;
            Ok(format!("Wrote {} bytes to {}.", content.len(), folders.shown(&real)))
        })
        .await
    }
}
