use nanobot_channel_kit::whole_character;

use super::inline::render;
use super::line::{Code, Line};
use super::utf16_units;

const FENCE: &str = "```";

/// Puts lines into texts of at most `max_units` UTF-16 units, greedily from the start, so that a
/// text that grows at its end keeps its first parts. A code block that is cut is closed before the
/// cut and opened again after it.
pub(super) fn pack(lines: Vec<Line>, max_units: usize) -> Vec<String> {
    let mut packer = Packer { max_units, lines: Vec::new(), units: 0, parts: Vec::new() };
    for line in lines {
        packer.add(line);
    }
    packer.finish()
}

struct Packer {
    max_units: usize,
    /// Lines of the part that is being filled.
    lines: Vec<Line>,
    /// Their length without what closes them.
    units: usize,
    parts: Vec<String>,
}

impl Packer {
    fn add(&mut self, mut line: Line) {
        // A blank line at the start of a message says nothing.
        if self.lines.is_empty() && line.is_empty() {
            return;
        }
        while !self.fits(&line) {
            if self.lines.is_empty() {
                line = self.add_piece(&line);
            } else {
                self.end_part();
            }
        }
        self.units += added(self.lines.last(), &line);
        self.lines.push(line);
    }

    fn fits(&self, line: &Line) -> bool {
        self.units + added(self.lines.last(), line) + closing(line) <= self.max_units
    }

    /// Makes a part of as much of a line as fits; returns the rest.
    fn add_piece(&mut self, line: &Line) -> Line {
        let text = line.text();
        let ends = text.char_indices().map(|(start, character)| start + character.len_utf8());
        let ends: Vec<usize> = ends.take(self.max_units).collect();
        // Marks take room that is known only when the piece is written.
        let fitting = ends.partition_point(|end| self.fits(&line.cut(*end).0));
        let end = fitting.checked_sub(1).map_or(0, |last| ends[last]);
        let (piece, rest) = line.cut(cut_position(&text, end, line.code.is_some()));
        self.parts.push(write(&[piece]));
        rest
    }

    /// Ends the part at the best place; what stands behind it begins the next one.
    fn end_part(&mut self) {
        let cut = self.best_cut();
        let rest = self.lines.split_off(cut);
        self.flush();
        for line in rest {
            self.add(line);
        }
    }

    /// Between blocks if that leaves the part half full, else at a blank line of code, else between
    /// lines; a heading goes with what it is the title of.
    fn best_cut(&self) -> usize {
        let (mut between_blocks, mut in_code) = (None, None);
        let mut units = 0;
        for (index, line) in self.lines.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| &self.lines[before]);
            if let Some(before) = before.filter(|_| units * 2 >= self.max_units) {
                if is_between_blocks(before, line) {
                    between_blocks = Some(index);
                } else if before.is_empty() {
                    in_code = Some(index);
                }
            }
            units += added(before, line);
        }
        let end = between_blocks.or(in_code).unwrap_or(self.lines.len());
        let titles = self.lines[..end].iter().rev().take_while(|line| line.is_heading).count();
        if titles < end { end - titles } else { end }
    }

    fn flush(&mut self) {
        while self.lines.last().is_some_and(Line::is_empty) {
            self.lines.pop();
        }
        if !self.lines.is_empty() {
            self.parts.push(write(&self.lines));
        }
        self.lines.clear();
        self.units = 0;
    }

    fn finish(mut self) -> Vec<String> {
        self.flush();
        self.parts
    }
}

fn is_between_blocks(before: &Line, line: &Line) -> bool {
    before.is_blank() || (line.code.is_some() && line.code != before.code)
}

/// Units that a line adds behind another one.
fn added(before: Option<&Line>, line: &Line) -> usize {
    let mut units = utf16_units(&render(line)) + usize::from(before.is_some());
    let code_before = before.and_then(|before| before.code.as_ref());
    if line.code.as_ref() != code_before {
        units +=
            before.map_or(0, closing) + line.code.as_ref().map_or(0, |code| opening(line, code));
    }
    units
}

fn opening(line: &Line, code: &Code) -> usize {
    line.prefix.len() + FENCE.len() + code.language.len() + 1
}

/// Units that end a part with this line.
fn closing(line: &Line) -> usize {
    if line.code.is_some() { 1 + line.prefix.len() + FENCE.len() } else { 0 }
}

fn write(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut open: Option<&Line> = None;
    for line in lines {
        if open.and_then(|open| open.code.as_ref()) != line.code.as_ref() {
            if let Some(last) = open.take() {
                push_line(&mut text, &format!("{}{FENCE}", last.prefix));
            }
            if let Some(code) = &line.code {
                push_line(&mut text, &format!("{}{FENCE}{}", line.prefix, code.language));
            }
        }
        push_line(&mut text, &render(line));
        open = line.code.is_some().then_some(line);
    }
    if let Some(last) = open {
        push_line(&mut text, &format!("{}{FENCE}", last.prefix));
    }
    text
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// Where to cut a text that is too long: before a word if that is not far, else before a character.
fn cut_position(text: &str, end: usize, is_code: bool) -> usize {
    if end >= text.len() {
        return text.len();
    }
    let window = &text[..end];
    let word = window.rfind(' ').filter(|space| *space >= end / 2 && !is_code);
    word.unwrap_or_else(|| whole_character(window, text))
}

#[cfg(test)]
mod tests {
    use super::super::markdown::parse;
    use super::*;

    #[track_caller]
    fn check(markdown: &str, max_units: usize, expected: &[&str]) {
        assert_eq!(pack(parse(markdown), max_units), expected);
    }

    #[test]
    fn text_is_cut_between_paragraphs_then_lines_then_words() {
        check("aaaa bbbb\n\ncccc dddd", 14, &["aaaa bbbb", "cccc dddd"]);
        check("aaaa bbbb\ncccc dddd", 14, &["aaaa bbbb", "cccc dddd"]);
        check("aaaa bbbb cccc", 10, &["aaaa bbbb", "cccc"]);
        check("aaaabbbbcccc", 5, &["aaaab", "bbbcc", "cc"]);
    }

    #[test]
    fn code_block_that_is_cut_is_closed_and_opened_again() {
        check(
            "```rust\nfn a() {\n    b();\n}\n```",
            24,
            &["```rust\nfn a() {\n```", "```rust\n    b();\n}\n```"],
        );
    }

    #[test]
    fn long_code_is_cut_at_a_blank_line() {
        check("```\naa\nbb\n\ncc\ndd\n```", 19, &["```\naa\nbb\n```", "```\ncc\ndd\n```"]);
    }

    #[test]
    fn code_block_that_fits_is_not_cut() {
        check(
            "some words here\n\n```\none\ntwo\n```",
            28,
            &["some words here", "```\none\ntwo\n```"],
        );
    }

    #[test]
    fn long_line_of_code_is_cut_inside_of_its_block() {
        check("```\naaaabbbbcc\n```", 14, &["```\naaaabb\n```", "```\nbbcc\n```"]);
    }

    #[test]
    fn heading_goes_with_what_it_is_the_title_of() {
        check("aaaa bbbb\n\n# Title\ncccc", 22, &["aaaa bbbb", "# Title\ncccc"]);
    }

    #[test]
    fn marks_are_closed_before_a_cut_and_opened_after_it() {
        check("**aaaa bbbb cccc**", 14, &["**aaaa bbbb**", "**cccc**"]);
        check("- aaaa bbbb cccc", 12, &["- aaaa bbbb", "  cccc"]);
        check("> aaaa bbbb cccc", 12, &["> aaaa bbbb", "> cccc"]);
    }

    #[test]
    fn emoji_of_several_code_points_is_not_cut() {
        check("aaa👩‍👩‍👧b", 8, &["aaa", "👩‍👩‍👧", "b"]);
        check("aaa😀😀", 4, &["aaa", "😀😀"]);
    }

    #[test]
    fn every_part_of_a_long_text_fits_and_nothing_is_lost() {
        let words = "**Wörter** und 😀 `code` in [Links](https://a.b/c_d) *ohne* Ende. ";
        let list = "- eins\n  - zwei_drei\n";
        let code = "```rust\nlet x = \"```\";\n```\n\n";
        let source = format!("{}\n\n{}\n\n{code}", words.repeat(200), list.repeat(100)).repeat(3);
        let lines = parse(&source);
        let shown: String = lines.iter().map(Line::text).collect();
        let parts = pack(lines, 2000);
        assert!(parts.len() > 3);
        for part in &parts {
            assert!(utf16_units(part) <= 2000);
            assert_eq!(part.matches("```").count() % 2, 0, "{part}");
        }
        let count = |text: &str, word: &str| text.matches(word).count();
        for word in ["Wörter", "Ende", "eins", "drei", "let x"] {
            let packed: usize = parts.iter().map(|part| count(part, word)).sum();
            assert_eq!(packed, count(&shown, word), "{word}");
        }
    }

    #[test]
    fn text_that_grows_keeps_its_first_parts() {
        let source = "Line one of many.\n\nAnother paragraph here.\n".repeat(20);
        let all = pack(parse(&source), 100);
        let earlier = pack(parse(&source[..500]), 100);
        assert_eq!(all[..3], earlier[..3]);
    }
}
