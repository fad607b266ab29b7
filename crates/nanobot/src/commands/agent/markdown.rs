//! Light styling of Markdown that arrives in pieces: bold, code and headings. Everything else is
//! readable as it is.

use std::fmt::Write;

use anstyle::Style;

use crate::output::{ACCENT, STRONG};

/// Styles one answer. A mark that a piece may have cut in two is held back until the next piece.
#[derive(Debug, Default)]
pub(super) struct Markdown {
    held: String,
    is_bold: bool,
    is_code: bool,
    is_heading: bool,
    /// Between the fences of a block of code, where marks mean nothing.
    is_block: bool,
    is_inside_line: bool,
}

impl Markdown {
    /// Styles the next piece.
    pub(super) fn feed(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let text = std::mem::take(&mut self.held);
        let (ready, held) = text.split_at(text.trim_end_matches(['*', '`', '#']).len());
        held.clone_into(&mut self.held);
        self.style(ready)
    }

    /// Styles what was held back, and ends all styles.
    pub(super) fn finish(mut self) -> String {
        let held = std::mem::take(&mut self.held);
        let mut text = self.style(&held);
        let is_styled = self.is_bold || self.is_code || self.is_heading || self.is_block;
        if is_styled {
            write!(text, "{}", STRONG.render_reset()).expect("writing to a string cannot fail");
        }
        text
    }

    fn style(&mut self, mut text: &str) -> String {
        let mut styled = String::with_capacity(text.len());
        while let Some(first) = text.chars().next() {
            let length = self.step(text, first, &mut styled);
            text = &text[length..];
        }
        styled
    }

    /// Styles the next character or mark, and returns its length.
    fn step(&mut self, text: &str, first: char, out: &mut String) -> usize {
        let is_line_start = !self.is_inside_line;
        if first == '\n' {
            self.end_line(out);
            return 1;
        }
        self.is_inside_line = true;
        if is_line_start && text.starts_with("```") {
            self.is_block = !self.is_block;
            self.switch(out, ACCENT, self.is_block);
            return self.keep("```", out);
        }
        if self.is_block {
            return self.keep(&text[..first.len_utf8()], out);
        }
        if is_line_start && first == '#' {
            self.is_heading = true;
            self.switch(out, STRONG, true);
        } else if first == '`' {
            self.is_code = !self.is_code;
            self.switch(out, ACCENT, self.is_code);
            return 1;
        } else if !self.is_code && text.starts_with("**") {
            self.is_bold = !self.is_bold;
            self.switch(out, STRONG, self.is_bold);
            return 2;
        }
        self.keep(&text[..first.len_utf8()], out)
    }

    /// Styles of a line end with it, so that a lonely mark does not colour the rest of the answer.
    fn end_line(&mut self, out: &mut String) {
        if self.is_bold || self.is_code || self.is_heading {
            (self.is_bold, self.is_code, self.is_heading) = (false, false, false);
            self.switch(out, STRONG, false);
        }
        self.is_inside_line = false;
        out.push('\n');
    }

    fn switch(&self, out: &mut String, style: Style, is_on: bool) {
        let written = if is_on {
            write!(out, "{}", style.render())
        } else {
            write!(out, "{}", style.render_reset())
        };
        written.expect("writing to a string cannot fail");
        // A reset ends all styles, also the one around the one that ended.
        if !is_on && (self.is_bold || self.is_heading) {
            write!(out, "{}", STRONG.render()).expect("writing to a string cannot fail");
        }
    }

    fn keep(&self, text: &str, out: &mut String) -> usize {
        out.push_str(text);
        text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows bold as `<b`, code as `<c` and the end of styles as `>`.
    fn styled(pieces: &[&str]) -> String {
        let mut markdown = Markdown::default();
        let mut text: String = pieces.iter().map(|piece| markdown.feed(piece)).collect();
        text.push_str(&markdown.finish());
        text.replace(&STRONG.render().to_string(), "<b ")
            .replace(&ACCENT.render().to_string(), "<c ")
            .replace(&STRONG.render_reset().to_string(), ">")
    }

    #[test]
    fn marks_become_styles_wherever_the_pieces_are_cut() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(styled(&[text]), expected);
            let letters: Vec<String> = text.chars().map(String::from).collect();
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            assert_eq!(styled(&letters), expected, "letter by letter");
        }
        check("a **bold** word", "a <b bold> word");
        check("run `a **b**` now", "run <c a **b**> now");
        check("# Title\ntext", "<b # Title>\ntext");
        check("a * b * c", "a * b * c");
        check("**bold `code` bold**", "<b bold <c code><b  bold>");
        check("lonely ** mark\nnext", "lonely <b  mark>\nnext");
    }

    #[test]
    fn blocks_of_code_stay_as_they_are() {
        let text = "```rust\nlet a = **b;\n# no title\n```\nend **here**";
        let expected = "<c ```rust\nlet a = **b;\n# no title\n>```\nend <b here>";
        assert_eq!(styled(&[text]), expected);
    }
}
