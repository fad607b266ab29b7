//! The tools that every agent has.

mod exec;
mod files;
mod folders;
mod message;
mod search;
mod web;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::provider::ToolSpec;
use crate::settings::ToolSettings;
use crate::tool::{ToolError, Toolbox};

pub use exec::command_walls;
use folders::Folders;
pub(crate) use message::is_answer;
pub(crate) use web::PublicClient;

/// The tools as configured. Without a workspace there is nothing to work with, so there are none.
pub(crate) fn builtin(workspace: &Path, settings: &ToolSettings) -> Toolbox {
    let mut toolbox = Toolbox::default();
    if workspace.as_os_str().is_empty() {
        return toolbox;
    }
    let folders = Arc::new(Folders::new(workspace, settings));
    toolbox.add(Arc::new(files::ReadFile::new(&folders)));
    toolbox.add(Arc::new(files::WriteFile::new(&folders)));
    toolbox.add(Arc::new(files::EditFile::new(&folders)));
    toolbox.add(Arc::new(files::ListDir::new(&folders)));
    toolbox.add(Arc::new(search::Glob::new(&folders)));
    toolbox.add(Arc::new(search::Grep::new(&folders)));
    toolbox.add(Arc::new(message::SendMessage::new(&folders)));
    if settings.config.exec.enable {
        toolbox.add(Arc::new(exec::Exec::new(&folders, settings)));
    }
    if settings.config.web.enable {
        for tool in web::tools(&settings.config) {
            toolbox.add(tool);
        }
    }
    toolbox
}

/// A description whose arguments are all of a simple type: `(name, type, description)`. Those named
/// with a `*` at the end must be given.
fn spec(name: &str, description: &str, arguments: &[(&str, &str, &str)]) -> ToolSpec {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for (name, kind, description) in arguments {
        let plain = name.trim_end_matches('*');
        if plain != *name {
            required.push(json!(plain));
        }
        let schema = match *kind {
            "strings" => {
                json!({"type": "array", "items": {"type": "string"}, "description": description})
            }
            kind => json!({"type": kind, "description": description}),
        };
        properties.insert(plain.to_owned(), schema);
    }
    ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: json!({"type": "object", "properties": properties, "required": Value::Array(required)}),
    }
}

/// Does slow work off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ToolError> + Send + 'static,
) -> Result<T, ToolError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(ToolError::new("the tool broke down")))
}

/// An error about a file.
fn file_error(action: &str, path: &str, error: &std::io::Error) -> ToolError {
    ToolError::new(format!("cannot {action} {path}: {error}"))
}

/// A path as the model typed it, below the workspace unless it is absolute.
fn below(workspace: &Path, typed: &str) -> PathBuf {
    workspace.join(typed.trim())
}
