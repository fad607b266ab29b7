//! The text of office files: archives with XML in them.
//!
//! See ECMA-376 (Office Open XML) and OASIS OpenDocument 1.3. Numbers that a table shows as dates
//! stay numbers: how they are shown is said in its styles, which are not read.

mod table;
mod words;

use std::io::{BufReader, Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::BytesRef;
use zip::ZipArchive;

use super::{Format, Limits};

use words::{PRESENTATION, TEXT, WORDS};

/// What all parts of a file together may become when they are unpacked.
const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;
/// Slides or sheets that are read.
const MAX_PARTS: usize = 500;

type Xml<'a> = Reader<BufReader<Box<dyn Read + 'a>>>;

pub(super) fn text_of(bytes: &[u8], format: Format, limits: &Limits) -> Result<String, String> {
    let mut archive = Archive::open(bytes)?;
    match format {
        Format::Docx => words::read(archive.part("word/document.xml")?, &WORDS, limits),
        Format::OpenDocument => words::read(archive.part("content.xml")?, &TEXT, limits),
        Format::Pptx => slides(&mut archive, limits),
        Format::Xlsx => table::sheets(&mut archive, limits),
        Format::Pdf | Format::Plain => Err("it is no office file".to_owned()),
    }
}

fn slides(archive: &mut Archive<'_>, limits: &Limits) -> Result<String, String> {
    let mut text = String::new();
    for number in archive.numbers("ppt/slides/slide", ".xml") {
        if !limits.allow(&text) {
            break;
        }
        let slide = archive.part(&format!("ppt/slides/slide{number}.xml"))?;
        let said = words::read(slide, &PRESENTATION, limits)?;
        text.push_str(&format!("Slide {number}:\n{}\n\n", said.trim()));
    }
    Ok(text)
}

/// An archive of which a bounded amount is unpacked.
struct Archive<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    left: u64,
}

impl<'b> Archive<'b> {
    fn open(bytes: &'b [u8]) -> Result<Self, String> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        Ok(Self { zip, left: MAX_UNPACKED_BYTES })
    }

    /// Reads a part. What it says of its size is not believed.
    fn part(&mut self, name: &str) -> Result<Xml<'_>, String> {
        let part = self.zip.by_name(name).map_err(|error| damaged(&error))?;
        let bounded = Bounded { part, left: &mut self.left };
        Ok(Reader::from_reader(BufReader::new(Box::new(bounded))))
    }

    /// The numbers between the same beginning and end of names, in their order.
    fn numbers(&self, start: &str, end: &str) -> Vec<u32> {
        let numbers = self
            .zip
            .file_names()
            .filter_map(|name| name.ok()?.strip_prefix(start)?.strip_suffix(end)?.parse().ok());
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers.truncate(MAX_PARTS);
        numbers
    }
}

/// Fails when more is unpacked than is left.
struct Bounded<'a, R> {
    part: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.part.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        *self.left = left.ok_or_else(|| std::io::Error::other("it unpacks to too much"))?;
        Ok(read)
    }
}

fn damaged(error: &dyn std::fmt::Display) -> String {
    format!("it is damaged or locked ({error})")
}

/// A character that is written by its name or number; others are unknown and left out.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok()?,
    }
}
