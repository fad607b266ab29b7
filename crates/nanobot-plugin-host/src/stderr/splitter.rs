use std::borrow::Cow;

/// Longest line that is kept whole, in bytes.
pub(super) const MAX_LINE_BYTES: usize = 64 * 1024;

const CUT_MARK: &[u8] = " … (cut)".as_bytes();

/// Cuts a byte stream into lines of bounded length. What a line has too much is dropped at once, so
/// that a line without end takes no memory.
#[derive(Default)]
pub(super) struct Splitter {
    line: Vec<u8>,
    is_cut: bool,
}

impl Splitter {
    pub(super) fn push(&mut self, bytes: &[u8], mut take: impl FnMut(&str)) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.append(&rest[..end]);
            self.finish(&mut take);
            rest = &rest[end + 1..];
        }
        self.append(rest);
    }

    /// Hands over the line as it is; also a torn last one.
    pub(super) fn finish(&mut self, mut take: impl FnMut(&str)) {
        if self.is_cut {
            self.line.extend_from_slice(CUT_MARK);
        }
        let text = clean(&self.line);
        if !text.trim().is_empty() {
            take(text.trim_end());
        }
        self.line.clear();
        self.is_cut = false;
    }

    fn append(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES - self.line.len();
        self.is_cut |= bytes.len() > room;
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// Without control characters: a plugin must not steer the terminal that shows the log.
fn clean(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    let is_control = |letter: char| letter.is_control() && letter != '\t';
    if text.contains(is_control) { Cow::Owned(text.replace(is_control, "")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&[u8]], expected: &[&str]) {
        let mut lines = Vec::new();
        let mut splitter = Splitter::default();
        for piece in pieces {
            splitter.push(piece, |line| lines.push(line.to_owned()));
        }
        splitter.finish(|line| lines.push(line.to_owned()));
        assert_eq!(lines, expected);
    }

    #[test]
    fn lines_are_joined_over_reads_and_blank_ones_are_dropped() {
        check(&[b"on", b"e\r\ntwo\n", b"\n  \nthree"], &["one", "two", "three"]);
    }

    #[test]
    fn control_characters_and_invalid_bytes_are_made_harmless() {
        check(&[b"\x1b[31mred\x07\n", b"a\xffb\n"], &["[31mred", "a\u{fffd}b"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_marked() {
        let long = vec![b'a'; MAX_LINE_BYTES + 1];
        let cut = format!("{} … (cut)", "a".repeat(MAX_LINE_BYTES));
        check(&[&long, b"b\nc\n"], &[&cut, "c"]);
        check(&[&long[1..], b"\n"], &[&"a".repeat(MAX_LINE_BYTES)]);
    }
}
