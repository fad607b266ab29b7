//! The tool `read_file`.

use std::fmt::Write;
use std::sync::Arc;

use async_trait::async_trait;

use crate::context::bundled_skill;
use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};
use crate::tools::folders::{Access, Folders};
use crate::tools::{blocking, spec};

use super::read_text;

const DEFAULT_LINES: usize = 2_000;

/// Reads a part of a text file.
pub(in crate::tools) struct ReadFile {
    folders: Arc<Folders>,
}

impl ReadFile {
    pub(in crate::tools) fn new(folders: &Arc<Folders>) -> Self {
        Self { folders: Arc::clone(folders) }
    }
}

#[async_trait]
impl Tool for ReadFile {
    fn spec(&self) -> ToolSpec {
        spec(
            "read_file",
            "Reads a text file. Lines are numbered as `12| text`; long files are read in parts \
             with offset and limit.",
            &[
                ("path*", "string", "File, absolute or below the workspace"),
                ("offset", "integer", "First line, from 1"),
                ("limit", "integer", "Most lines, 2000 unless given"),
            ],
        )
    }

    fn is_read_only(&self) -> bool {
        true
    }

    async fn call(&self, arguments: &Arguments, cx: &ToolContext<'_>) -> Result<String, ToolError> {
        let typed = arguments.text("path")?.to_owned();
        let line_number = |name| arguments.number(name).and_then(|it| usize::try_from(it).ok());
        let first = line_number("offset").unwrap_or(1).max(1);
        let limit = line_number("limit").unwrap_or(DEFAULT_LINES).max(1);
        let max_chars = cx.max_result_chars;
        if let Some(text) = bundled_skill(&typed) {
            return page(text, first, limit, max_chars);
        }
        let folders = Arc::clone(&self.folders);
        blocking(move || {
            let real = folders.locate(&typed, Access::Read)?;
            let text = read_text(&folders, &real, &typed)?;
            page(&String::from_utf8_lossy(&text), first, limit, max_chars)
        })
        .await
    }
}

/// Some lines with their numbers, and how to read on. Whole lines, so that the model can go on
/// where the page ends.
fn page(text: &str, first: usize, limit: usize, max_chars: usize) -> Result<String, ToolError> {
    let total = text.lines().count();
    if total == 0 {
        return Ok("(The file is empty.)".to_owned());
    }
    if first > total {
        return Err(ToolError::new(format!("the file has only {total} lines")));
    }
    let mut page = String::new();
    let mut next = first;
    for line in text.lines().skip(first - 1).take(limit) {
        // Room is left for the last line.
        let is_full = page.len() + line.len() + 100 > max_chars;
        if is_full && next > first {
            break;
        }
        writeln!(page, "{next}| {line}").expect("writing to a string does not fail");
        next += 1;
    }
    let end = if next > total {
        format!("(End of file, {total} lines.)")
    } else {
        format!("(Lines {first} to {} of {total}. Go on with offset={next}.)", next - 1)
    };
    page.push_str(&end);
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_whole_lines_and_say_how_to_go_on() {
        let text = "a\nb\nc\n";
        let show = |first, limit, max| page(text, first, limit, max).unwrap_or_default();
        assert_eq!(show(1, 9, 999), "1| a\n2| b\n3| c\n(End of file, 3 lines.)");
        assert_eq!(show(2, 1, 999), "2| b\n(Lines 2 to 2 of 3. Go on with offset=3.)");
        assert_eq!(show(1, 9, 103), "1| a\n(Lines 1 to 1 of 3. Go on with offset=2.)");
        assert!(page(text, 4, 1, 999).is_err());
    }
}
