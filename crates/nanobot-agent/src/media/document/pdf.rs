//! The text of PDF files.

use lopdf::{Document, LoadOptions};

use super::Limits;

/// Pages that are read.
const MAX_PAGES: usize = 500;
/// What one page may become when it is unpacked.
const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;
/// What all object streams together may become while the file is loaded: they stay in memory.
const MAX_LOADED_BYTES: usize = 256 * 1024 * 1024;
/// The type of an object stream.
const OBJECT_STREAM: &[u8] = b"ObjStm";

pub(super) fn text_of(bytes: &[u8], limits: &Limits) -> Result<String, String> {
    // The library bounds each stream, and a file may have many.
    let streams = count_object_streams(bytes).max(1);
    let options = LoadOptions {
        max_decompressed_size: Some((MAX_LOADED_BYTES / streams).min(MAX_PAGE_BYTES)),
        ..LoadOptions::default()
    };
    let document = Document::load_mem_with_options(bytes, options)
        .map_err(|error| format!("it is damaged or locked ({error})"))?;
    if document.is_encrypted() {
        return Err("it is locked with a password".to_owned());
    }
    let pages = document.get_pages();
    let mut text = String::new();
    for number in pages.keys().take(MAX_PAGES) {
        if !limits.allow(&text) {
            break;
        }
        // A page that is not understood leaves the others readable.
        if let Ok(page) = document.extract_text_with_limit(&[*number], MAX_PAGE_BYTES) {
            text.push_str(page.trim_end());
            text.push_str("\n\n");
        }
    }
    if pages.len() > MAX_PAGES {
        text.push_str(&format!("(only the first {MAX_PAGES} of {} pages)", pages.len()));
    }
    Ok(text)
}

/// Counts the names `/ObjStm`, whose letters may be written as numbers.
fn count_object_streams(bytes: &[u8]) -> usize {
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    starts.filter(|(start, _)| is_name(&bytes[start + 1..], OBJECT_STREAM)).count()
}

fn is_name(mut written: &[u8], name: &[u8]) -> bool {
    for letter in name {
        let (read, rest) = match written {
            [b'#', high, low, rest @ ..] => (hex(*high, *low), rest),
            [byte, rest @ ..] => (Some(*byte), rest),
            [] => return false,
        };
        if read != Some(*letter) {
            return false;
        }
        written = rest;
    }
    true
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    Some(digit(high)? * 16 + digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_streams_are_counted_however_they_are_written() {
        let file = b"/Type/ObjStm /Type /#4fbjS#74m /Other /ObjS";
        assert_eq!(count_object_streams(file), 2);
    }
}
