//! Removes what a model thinks aloud from the text for people.

/// Opening tags and what closes them.
const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thought>", "</thought>")];
/// Unfinished tags up to this length at the very end are taken for text, as in `a <`.
const SHORTEST_DROPPED_TAIL: usize = 3;

/// Removes `<think>…</think>` and `<thought>…</thought>` from a text that arrives in pieces.
///
/// However the text is cut into pieces, the result is the same, and no part of a tag ever gets
/// through. Work and memory depend on the piece only, not on what came before.
///
/// - An unclosed block is dropped to the end, a closing tag without a block is dropped alone.
/// - White space before the first visible character is held back until there is one, so that a
///   blank answer gives nothing at all; after a removed block it is dropped. All other white space
///   stays as it is.
/// - A tag right after a backtick is text: it is being explained, not used.
#[derive(Debug, Default)]
pub struct ThinkFilter {
    /// Start of a tag of which the rest may follow.
    pending: String,
    /// Tag that closes the block we are in.
    closing: Option<&'static str>,
    /// White space before the first visible character.
    held: String,
    has_text: bool,
    removed_block: bool,
    after_backtick: bool,
}

enum Tag {
    Open { length: usize, closing: &'static str },
    Close { length: usize },
    Unfinished,
    Text,
}

impl ThinkFilter {
    /// Whether anything visible came out yet.
    #[must_use]
    pub fn has_text(&self) -> bool {
        self.has_text
    }

    /// Takes the next piece and appends what is visible of it to `out`.
    pub fn push(&mut self, piece: &str, out: &mut String) {
        if self.pending.is_empty() {
            return self.consume(piece, out);
        }
        let mut joined = std::mem::take(&mut self.pending);
        joined.push_str(piece);
        self.consume(&joined, out);
    }

    /// Ends the text.
    pub fn finish(&mut self, out: &mut String) {
        let pending = std::mem::take(&mut self.pending);
        if self.closing.is_none() && pending.len() < SHORTEST_DROPPED_TAIL {
            self.emit(&pending, out);
        }
    }

    fn consume(&mut self, mut rest: &str, out: &mut String) {
        while !rest.is_empty() {
            rest = match self.closing {
                Some(closing) => self.skip_block(closing, rest),
                None => self.pass_text(rest, out),
            };
        }
    }

    /// Skips to the end of the block; returns what is left to read.
    fn skip_block<'a>(&mut self, closing: &'static str, rest: &'a str) -> &'a str {
        let Some(start) = rest.find('<') else {
            return "";
        };
        let candidate = &rest[start..];
        if let Some(after) = candidate.strip_prefix(closing) {
            self.closing = None;
            return after;
        }
        if closing.starts_with(candidate) {
            self.pending.push_str(candidate);
            return "";
        }
        &candidate[1..]
    }

    /// Passes the text up to and including the next tag; returns what is left to read.
    fn pass_text<'a>(&mut self, rest: &'a str, out: &mut String) -> &'a str {
        let Some(start) = rest.find('<') else {
            self.emit(rest, out);
            return "";
        };
        self.emit(&rest[..start], out);
        let candidate = &rest[start..];
        match if self.after_backtick { Tag::Text } else { read_tag(candidate) } {
            Tag::Open { length, closing } => {
                self.closing = Some(closing);
                self.note_removed();
                &candidate[length..]
            }
            Tag::Close { length } => {
                self.note_removed();
                &candidate[length..]
            }
            Tag::Unfinished => {
                self.pending.push_str(candidate);
                ""
            }
            Tag::Text => {
                self.emit("<", out);
                &candidate[1..]
            }
        }
    }

    fn note_removed(&mut self) {
        self.removed_block = true;
        self.held.clear();
    }

    fn emit(&mut self, text: &str, out: &mut String) {
        let Some(last) = text.chars().next_back() else {
            return;
        };
        self.after_backtick = last == '`';
        if self.has_text {
            out.push_str(text);
            return;
        }
        let visible = text.trim_start();
        if !self.removed_block {
            self.held.push_str(&text[..text.len() - visible.len()]);
        }
        if !visible.is_empty() {
            self.has_text = true;
            out.push_str(&self.held);
            out.push_str(visible);
        }
    }
}

fn read_tag(candidate: &str) -> Tag {
    for (opening, closing) in TAGS {
        if candidate.starts_with(opening) {
            return Tag::Open { length: opening.len(), closing };
        }
        if candidate.starts_with(closing) {
            return Tag::Close { length: closing.len() };
        }
        if opening.starts_with(candidate) || closing.starts_with(candidate) {
            return Tag::Unfinished;
        }
    }
    Tag::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(pieces: &[&str]) -> String {
        let mut filter = ThinkFilter::default();
        let mut out = String::new();
        for piece in pieces {
            filter.push(piece, &mut out);
        }
        filter.finish(&mut out);
        out
    }

    const CASES: [(&str, &str); 24] = [
        ("plain", "plain"),
        ("  two spaces stay ", "  two spaces stay "),
        ("<think>hidden</think>\n\nshown", "shown"),
        (" \n<thought>hidden</thought> shown", "shown"),
        ("one <think>x</think> two", "one  two"),
        ("one<think>x</think>two<thought>y</thought>three", "onetwothree"),
        ("shown<think>never closed <b> </thought>", "shown"),
        ("<think>never closed", ""),
        ("<think>a < b </thin</think>c", "c"),
        ("a < b and c > d", "a < b and c > d"),
        ("a <", "a <"),
        ("ends in <thi", "ends in "),
        ("<thing> is not a tag", "<thing> is not a tag"),
        ("<thinking> neither", "<thinking> neither"),
        ("<<think>x</think>y", "<y"),
        ("<th<think>x</think>y", "<thy"),
        ("stray</think>answer", "strayanswer"),
        ("the `<think>` tag", "the `<think>` tag"),
        ("", ""),
        (" \n\t ", ""),
        ("<think>x</think>  ", ""),
        ("äö<think>ü</think>ß € <thing>", "äöß € <thing>"),
        ("<think></think></think>done", "done"),
        ("a\n<think>x</think>\nb", "a\n\nb"),
    ];

    #[test]
    fn blocks_are_removed_and_everything_else_stays() {
        for (input, expected) in CASES {
            assert_eq!(filter(&[input]), expected, "{input:?}");
        }
    }

    #[test]
    fn any_split_gives_the_same_as_the_whole() {
        for (input, expected) in CASES {
            let letters: Vec<String> = input.chars().map(String::from).collect();
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            assert_eq!(filter(&letters), expected, "letter by letter: {input:?}");
            for first in borders(input) {
                for second in borders(input).filter(|second| *second >= first) {
                    let pieces = [&input[..first], &input[first..second], &input[second..]];
                    assert_eq!(filter(&pieces), expected, "{pieces:?}");
                }
            }
        }
    }

    #[test]
    fn random_texts_do_not_depend_on_the_split() {
        let words = [
            "<think>",
            "</think>",
            "<thought>",
            "</thought>",
            "<",
            "`",
            " ",
            "ab",
            "é",
            "\n",
            "/",
            "th",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let text: String =
                (0..random.usize(1..12)).map(|_| words[random.usize(..words.len())]).collect();
            let whole = filter(&[&text]);
            let letters: Vec<String> = text.chars().map(String::from).collect();
            let pieces: Vec<String> =
                letters.chunks(random.usize(1..5)).map(<[String]>::concat).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            assert_eq!(filter(&pieces), whole, "{pieces:?}");
        }
    }

    #[test]
    fn visible_text_comes_out_with_the_piece_that_brings_it() {
        let mut filter = ThinkFilter::default();
        let mut out = String::new();
        filter.push("Hello <thi", &mut out);
        assert_eq!(out, "Hello ");
        filter.push("ng> ", &mut out);
        assert_eq!(out, "Hello <thing> ");
    }

    fn borders(text: &str) -> impl Iterator<Item = usize> {
        text.char_indices().map(|(index, _)| index).chain([text.len()])
    }
}
