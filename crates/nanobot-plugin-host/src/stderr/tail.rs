use std::collections::VecDeque;

use super::line::LogLine;

/// Lines that are kept for a crash report.
const LINES: usize = 50;

/// What is kept of each, in bytes.
const LINE_BYTES: usize = 2 * 1024;

/// The last lines of a log, as they were written.
#[derive(Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
}

impl Tail {
    pub(super) fn push(&mut self, line: &str) {
        // A flood reuses the memory of the lines it pushes out.
        let mut kept = match self.lines.len() {
            LINES => self.lines.pop_front().unwrap_or_default(),
            _ => String::new(),
        };
        kept.clear();
        kept.push_str(&line[..line.floor_char_boundary(LINE_BYTES)]);
        self.lines.push_back(kept);
    }

    /// The lines for people: of a record, its message and fields.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.iter().map(|line| readable(line)).collect()
    }
}

fn readable(line: &str) -> String {
    let line = LogLine::parse(line);
    match line.fields {
        Some(fields) => format!("{} {fields}", line.message),
        None => line.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_shown_as_text_and_only_the_last_lines_are_kept() {
        let mut tail = Tail::default();
        for number in 0..LINES {
            tail.push(&number.to_string());
        }
        tail.push(r#"{"level":"error","message":"No.","fields":{"n":1}}"#);
        let lines = tail.lines();
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[0], "1");
        assert_eq!(lines[LINES - 1], r#"No. {"n":1}"#);
    }
}
