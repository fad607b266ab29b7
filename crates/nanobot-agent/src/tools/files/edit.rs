//! The tool `edit_file`.

use std::sync::Arc;

use async_trait::async_trait;

use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};
use crate::tools::folders::{Access, Folders};
use crate::tools::{blocking, file_error, spec};

use super::{MAX_FILE_BYTES, read_text};

/// Changes a part of a text file.
pub(in crate::tools) struct EditFile {
    folders: Arc<Folders>,
}

impl EditFile {
    pub(in crate::tools) fn new(folders: &Arc<Folders>) -> Self {
        Self { folders: Arc::clone(folders) }
    }
}

#[async_trait]
impl Tool for EditFile {
    fn spec(&self) -> ToolSpec {
        spec(
            "edit_file",
            "Replaces a text in a file by another. The old text must be given exactly, without \
             line numbers, and with enough around it to occur only once.",
            &[
                ("path*", "string", "File, absolute or below the workspace"),
                ("old_text*", "string", "Text to replace"),
                ("new_text*", "string", "Text to put there"),
                ("replace_all", "boolean", "Replace each occurrence"),
            ],
        )
    }

    async fn call(&self, arguments: &Arguments, _: &ToolContext<'_>) -> Result<String, ToolError> {
        let typed = arguments.text("path")?.to_owned();
        let old = arguments.text("old_text")?.to_owned();
        let new = arguments.text("new_text")?.to_owned();
        let all = arguments.flag("replace_all");
        let folders = Arc::clone(&self.folders);
        blocking(move || {
            let real = folders.locate(&typed, Access::Write)?;
            let text = String::from_utf8(read_text(&folders, &real, &typed)?).map_err(|_| {
                // Written back, its letters would be lost.
                ToolError::new(format!("{typed} is not UTF-8 text; change it with a command"))
            })?;
            let (changed, times) = replace(&text, &old, &new, all)?;
            let written = folders.replace(&real, changed.as_bytes());
            written.map_err(|error| file_error("write", &typed, &error))?;
            Ok(format!("Replaced {times} occurrence(s) in {}.", folders.shown(&real)))
        })
        .await
    }
}

fn replace(text: &str, old: &str, new: &str, all: bool) -> Result<(String, usize), ToolError> {
    if old.is_empty() {
        return Err(ToolError::new("old_text is empty; write a new file with write_file"));
    }
    // Models write plain line ends whatever the file has.
    let has_other_ends = text.contains("\r\n") && !old.contains('\r');
    let with_ends = |text: &str| text.replace('\n', "\r\n");
    let (old, new) = if has_other_ends && !text.contains(old) {
        (with_ends(old), with_ends(new))
    } else {
        (old.to_owned(), new.to_owned())
    };
    let times = text.matches(&old).count();
    let length = text.len().saturating_add(times.saturating_mul(new.len()));
    if length as u64 > MAX_FILE_BYTES {
        return Err(ToolError::new("the file would become too large"));
    }
    match times {
        0 => Err(ToolError::new(
            "old_text does not occur in the file; read the file again and copy the text exactly",
        )),
        1 => Ok((text.replacen(&old, &new, 1), 1)),
        times if all => Ok((text.replace(&old, &new), times)),
        times => Err(ToolError::new(format!(
            "old_text occurs {times} times; give more of the text around it, or set replace_all"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_replaced_once_unless_all_are_meant() {
        let changed = |all| replace("a b a", "a", "c", all).map(|(text, _)| text);
        assert!(changed(false).is_err_and(|error| error.to_string().contains("2 times")));
        assert_eq!(changed(true), Ok("c b c".to_owned()));
        assert!(replace("a", "x", "c", false).is_err());
        assert!(replace("a", "", "c", false).is_err());
    }

    #[test]
    fn a_file_does_not_grow_beyond_what_can_be_read() {
        let (text, new) = ("a".repeat(1_000_000), "b".repeat(1_000_000));
        let error = replace(&text, "a", &new, true).expect_err("a million times a million");
        assert!(error.to_string().contains("too large"), "{error}");
    }

    #[test]
    fn line_ends_of_the_file_are_kept() {
        let changed = replace("one\r\ntwo\r\nthree", "one\ntwo", "1\n2", false);
        assert_eq!(changed, Ok(("1\r\n2\r\nthree".to_owned(), 1)));
    }
}
