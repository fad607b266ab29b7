//! The tool `grep`.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use globset::GlobMatcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkMatch};

use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError, bounded};
use crate::tools::folders::{Access, Folders};
use crate::tools::{blocking, spec};

use super::glob::matcher;
use super::{Deadline, walk};

const DEFAULT_LINES: usize = 250;
const MAX_CONTEXT: usize = 20;
/// Part of a line that is shown.
const MAX_LINE_CHARS: usize = 400;
/// Memory for the longest line of a file; a file with a longer one is left out.
const MAX_HEAP_BYTES: usize = 16 * 1024 * 1024;

/// Finds text in files.
pub(in crate::tools) struct Grep {
    folders: Arc<Folders>,
}

impl Grep {
    pub(in crate::tools) fn new(folders: &Arc<Folders>) -> Self {
        Self { folders: Arc::clone(folders) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    Files,
    Lines,
    Counts,
}

/// One search.
struct Search {
    matcher: RegexMatcher,
    files: Option<GlobMatcher>,
    show: Show,
    context: (usize, usize),
    most: usize,
}

#[async_trait]
impl Tool for Grep {
    fn spec(&self) -> ToolSpec {
        spec(
            "grep",
            "Finds text in files by a regular expression of the Rust kind, without look-around. \
             Gives the names of the files, or with output_mode=content the lines as \
             `path:number:text`.",
            &[
                ("pattern*", "string", "Regular expression"),
                ("path", "string", "File or folder to look in, the workspace unless given"),
                ("glob", "string", "Only files whose path matches this pattern"),
                ("output_mode", "string", "files_with_matches (usual), content or count"),
                ("case_insensitive", "boolean", "Ignore case"),
                ("fixed_strings", "boolean", "Take the pattern as plain text"),
                ("context_before", "integer", "Lines to show before each match"),
                ("context_after", "integer", "Lines to show after each match"),
                ("head_limit", "integer", "Most lines of the answer, 250 unless given"),
            ],
        )
    }

    fn is_read_only(&self) -> bool {
        true
    }

    async fn call(&self, arguments: &Arguments, _: &ToolContext<'_>) -> Result<String, ToolError> {
        let search = Search::new(arguments)?;
        let typed = arguments.optional_text("path").unwrap_or(".").to_owned();
        let folders = Arc::clone(&self.folders);
        blocking(move || {
            let real = folders.locate(&typed, Access::Read)?;
            Ok(search.run(&folders, &real, Deadline::new()))
        })
        .await
    }
}

impl Search {
    fn new(arguments: &Arguments) -> Result<Self, ToolError> {
        let number = |name| arguments.number(name).and_then(|it| usize::try_from(it).ok());
        let context = |name| number(name).unwrap_or(0).min(MAX_CONTEXT);
        let pattern = RegexMatcherBuilder::new()
            .case_insensitive(arguments.flag("case_insensitive"))
            .fixed_strings(arguments.flag("fixed_strings"))
            .build(arguments.text("pattern")?)
            .map_err(|error| ToolError::new(format!("the pattern is not valid: {error}")))?;
        Ok(Self {
            matcher: pattern,
            files: arguments.optional_text("glob").map(matcher).transpose()?,
            show: match arguments.optional_text("output_mode") {
                Some("content") => Show::Lines,
                Some("count") => Show::Counts,
                _ => Show::Files,
            },
            context: (context("context_before"), context("context_after")),
            most: number("head_limit").unwrap_or(DEFAULT_LINES).max(1),
        })
    }

    fn run(&self, folders: &Folders, real: &Path, deadline: Deadline) -> String {
        let mut found = Found { lines: Vec::new(), most: self.most, is_cut: false };
        for entry in walk(folders, real, None, deadline) {
            let inside = entry.path().strip_prefix(real).unwrap_or(entry.path());
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let is_wanted = entry.depth() == 0
                || self.files.as_ref().is_none_or(|files| files.is_match(inside));
            if is_file && is_wanted {
                self.search_file(folders, entry.path(), deadline, &mut found);
            }
            if found.is_cut {
                break;
            }
        }
        found.into_text(deadline)
    }

    fn search_file(&self, folders: &Folders, path: &Path, deadline: Deadline, found: &mut Found) {
        let Ok(file) = folders.open(path) else { return };
        let wants_lines = self.show == Show::Lines;
        let (before, after) = if wants_lines { self.context } else { (0, 0) };
        let mut searcher = SearcherBuilder::new()
            .binary_detection(BinaryDetection::quit(0))
            .before_context(before)
            .after_context(after)
            .heap_limit(Some(MAX_HEAP_BYTES))
            .build();
        let shown = folders.shown(path);
        let mut hits = Hits { shown: &shown, show: self.show, count: 0, found };
        // A file that cannot be read to its end has been read far enough.
        let _ = searcher.search_reader(&self.matcher, InTime { file, deadline }, &mut hits);
        let count = hits.count;
        match self.show {
            Show::Files if count > 0 => found.add(shown),
            Show::Counts if count > 0 => found.add(format!("{shown}: {count}")),
            _ => {}
        }
    }
}

/// A file that is read as long as there is time: one may be without an end.
struct InTime {
    file: File,
    deadline: Deadline,
}

impl Read for InTime {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deadline.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.file.read(buffer)
    }
}

/// Lines of the answer.
struct Found {
    lines: Vec<String>,
    most: usize,
    is_cut: bool,
}

impl Found {
    fn add(&mut self, line: String) {
        if self.lines.len() == self.most {
            self.is_cut = true;
        } else {
            self.lines.push(line);
        }
    }

    fn into_text(mut self, deadline: Deadline) -> String {
        let notice = deadline.notice();
        if self.lines.is_empty() {
            return notice.unwrap_or_else(|| "Nothing matches.".to_owned());
        }
        if self.is_cut {
            self.lines.push("(There is more; narrow the search or raise head_limit.)".to_owned());
        }
        self.lines.extend(notice);
        self.lines.join("\n")
    }
}

/// Takes the matches of one file.
struct Hits<'f> {
    shown: &'f str,
    show: Show,
    count: usize,
    found: &'f mut Found,
}

impl Hits<'_> {
    fn add(&mut self, number: Option<u64>, mark: char, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let mut line = self.shown.to_owned();
        write!(line, "{mark}{}{mark}", number.unwrap_or(0))
            .expect("writing to a string does not fail");
        line.push_str(&bounded(text.trim_end().to_owned(), MAX_LINE_CHARS));
        self.found.add(line);
    }
}

impl Sink for Hits<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, hit: &SinkMatch<'_>) -> Result<bool, io::Error> {
        self.count += 1;
        if self.show == Show::Lines {
            self.add(hit.line_number(), ':', hit.bytes());
        }
        // One match is enough to name a file.
        Ok(self.show != Show::Files && !self.found.is_cut)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> Result<bool, io::Error> {
        self.add(line.line_number(), '-', line.bytes());
        Ok(!self.found.is_cut)
    }
}

#[cfg(test)]
pub(super) fn files_with(
    pattern: &str,
    folders: &Folders,
    real: &Path,
    deadline: Deadline,
) -> String {
    let arguments = serde_json::json!({"pattern": pattern});
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let search = Search::new(&arguments.into()).expect("the pattern is valid");
    search.run(folders, real, deadline)
}
