//! `[[17]]` in a text stands for message 17, so that an answer tells which message it answers.

use memchr::memmem;

/// The mark of a message.
pub(crate) fn of(number: u64) -> String {
    format!("[[{number}]]")
}

/// The message of the last mark in a text.
///
/// Takes bytes, as a model's request is searched without reading its JSON. Neither brackets nor
/// digits are ever escaped there.
pub(crate) fn last(text: &[u8]) -> Option<u64> {
    memmem::rfind_iter(text, b"]]").find_map(|end| {
        let head = &text[..end];
        let digits = head.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (before, number) = head.split_at(end - digits);
        if !before.ends_with(b"[[") {
            return None;
        }
        std::str::from_utf8(number).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_mark_counts() {
        let request = br#"{"content":"[[3]] and [[41]]"},{"tools":["a[[]]","b]]"]}"#;
        assert_eq!(last(request), Some(41));
        assert_eq!(last(of(u64::MAX).as_bytes()), Some(u64::MAX));
    }

    #[test]
    fn what_looks_alike_is_no_mark() {
        for text in ["", "]]", "[[]]", "[[x1]]", "[1]]", "[[99999999999999999999]]"] {
            assert_eq!(last(text.as_bytes()), None, "{text}");
        }
    }
}
