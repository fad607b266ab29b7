//! Files that are text themselves.

use std::borrow::Cow;

/// Name endings of files that are taken for text in whatever encoding.
const ENDINGS: [&str; 10] = ["txt", "md", "csv", "tsv", "log", "json", "xml", "yaml", "ini", "srt"];
const BYTE_ORDER_MARK: char = '\u{feff}';
const NO_TEXT: &str = "it is not made of text";

/// Whether a file is text, by its start; `ending` is that of its name, in small letters.
pub(super) fn is_text(start: &[u8], ending: &str) -> bool {
    let is_known = is_utf8(start) || is_utf16(start) || ENDINGS.contains(&ending);
    is_known && !start.is_empty() && !is_binary(&decode(start))
}

/// The text, or its beginning.
///
/// # Errors
///
/// Returns why there is none, when the file goes on otherwise than it began.
pub(super) fn text_of(bytes: &[u8], max_bytes: usize) -> Result<String, String> {
    let text = decode(&bytes[..bytes.len().min(max_bytes)]);
    if is_binary(&text) {
        return Err(NO_TEXT.to_owned());
    }
    Ok(text.trim_start_matches(BYTE_ORDER_MARK).to_owned())
}

/// The last letter may be cut off.
fn is_utf8(start: &[u8]) -> bool {
    std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// As Windows writes it: with a byte order mark.
fn is_utf16(start: &[u8]) -> bool {
    start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff")
}

/// What is not understood becomes a replacement character.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if !is_utf16(bytes) {
        return String::from_utf8_lossy(bytes);
    }
    let unit = if bytes[0] == 0xff { u16::from_le_bytes } else { u16::from_be_bytes };
    let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units).into()
}

/// Whether there are characters that stand in no text.
fn is_binary(text: &str) -> bool {
    // Tab, line feed, form feed, carriage return, and the escapes of coloured logs.
    let is_odd = |letter: char| letter.is_ascii_control() && !"\t\n\x0c\r\x1b".contains(letter);
    text.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_known_by_its_content_and_old_encodings_by_their_names() {
        for (start, ending, expected) in [
            (&b"a,b\r\n1,2"[..], "csv", true),
            (b"fn main() {}", "rs", true),
            ("Gr\u{fc}n".as_bytes(), "", true),
            (&"Gr\u{fc}".as_bytes()[..3], "", true),
            (b"\xff\xfeh\0i\0", "csv", true),
            (b"\xff\xfe\0\0", "", false),
            (b"Gr\xfcn", "txt", true),
            (b"Gr\xfcn", "dat", false),
            (b"PK\x03\x04", "txt", false),
            (b"\x7fELF\x02\0", "", false),
            (b"", "txt", false),
        ] {
            assert_eq!(is_text(start, ending), expected, "{start:?} {ending}");
        }
    }

    #[test]
    fn text_is_read_in_its_encoding_up_to_its_bound() {
        let read = |bytes: &[u8]| text_of(bytes, 12);
        assert_eq!(read(b"\xef\xbb\xbfa;b").as_deref(), Ok("a;b"));
        assert_eq!(read(b"\xfe\xff\0h\0\xfc").as_deref(), Ok("h\u{fc}"));
        assert_eq!(read(b"Gr\xfcn").as_deref(), Ok("Gr\u{fffd}n"));
        assert_eq!(read(b"twelve bytes and more").as_deref(), Ok("twelve bytes"));
        assert_eq!(read(b"begins\0ends"), Err(NO_TEXT.to_owned()));
    }
}
