//! Tables of Office Open XML: each sheet by its name, a row on a line, tabs between cells.

use quick_xml::events::{BytesStart, Event};

use super::super::Limits;
use super::{Archive, MAX_PARTS, Xml, character, damaged};

/// Texts that cells share.
const MAX_SHARED: usize = 1_000_000;

pub(super) fn sheets(archive: &mut Archive<'_>, limits: &Limits) -> Result<String, String> {
    // A table of numbers has none.
    let shared = match archive.part("xl/sharedStrings.xml") {
        Ok(xml) => shared(xml, limits)?,
        Err(_) => Vec::new(),
    };
    let targets =
        attributes(archive.part("xl/_rels/workbook.xml.rels")?, "Relationship", ["Id", "Target"])?;
    let sheets = attributes(archive.part("xl/workbook.xml")?, "sheet", ["name", "id"])?;
    let mut text = String::new();
    for [name, id] in sheets.into_iter().take(MAX_PARTS) {
        let target = targets.iter().find(|[known, _]| *known == id).map(|[_, target]| target);
        let Some(target) = target.filter(|_| limits.allow(&text)) else { continue };
        let path = match target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("xl/{target}"),
        };
        text.push_str(&format!("Sheet {name}:\n"));
        rows(archive.part(&path)?, &shared, limits, &mut text)?;
        text.push('\n');
    }
    Ok(text)
}

/// Two attributes of each element with this name.
fn attributes(
    mut xml: Xml<'_>,
    element: &str,
    wanted: [&str; 2],
) -> Result<Vec<[String; 2]>, String> {
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == element => {
                found.push(wanted.map(|name| attribute(&start, name)));
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> String {
    let mut attributes = element.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name);
    let value = found.and_then(|attribute| {
        attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .ok()
            .map(std::borrow::Cow::into_owned)
    });
    value.unwrap_or_default()
}

/// The texts that cells name by their number.
fn shared(mut xml: Xml<'_>, limits: &Limits) -> Result<Vec<String>, String> {
    let (mut texts, mut text) = (Vec::new(), String::new());
    let (mut buffer, mut is_text) = (Vec::new(), false);
    while texts.len() < MAX_SHARED && limits.allow("") {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Start(element) => is_text = element.local_name().as_ref() == "t",
            Event::Text(said) if is_text => text.push_str(&said),
            Event::GeneralRef(reference) if is_text => text.extend(character(&reference)),
            Event::End(element) => {
                is_text = false;
                if element.local_name().as_ref() == "si" {
                    texts.push(std::mem::take(&mut text));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(texts)
}

/// A cell while it is read.
#[derive(Default)]
struct Cell {
    value: String,
    /// Whether the value is the number of a shared text.
    is_shared: bool,
    /// Whether the reader is in an element that holds the value.
    is_open: bool,
}

fn rows(
    mut xml: Xml<'_>,
    shared: &[String],
    limits: &Limits,
    text: &mut String,
) -> Result<(), String> {
    let (mut buffer, mut cell) = (Vec::new(), Cell::default());
    while limits.allow(text) {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Start(element) => match element.local_name().as_ref() {
                "c" => {
                    cell = Cell { is_shared: attribute(&element, "t") == "s", ..Cell::default() }
                }
                // The value, or a text that stands in the cell itself.
                "v" | "t" => cell.is_open = true,
                _ => {}
            },
            Event::Text(said) if cell.is_open => cell.value.push_str(&said),
            Event::GeneralRef(reference) if cell.is_open => {
                cell.value.extend(character(&reference));
            }
            Event::End(element) => match element.local_name().as_ref() {
                "v" | "t" => cell.is_open = false,
                "c" => {
                    text.push_str(cell.text(shared));
                    text.push('\t');
                }
                "row" => {
                    text.truncate(text.trim_end_matches('\t').len());
                    text.push('\n');
                }
                _ => {}
            },
            Event::Empty(element) if element.local_name().as_ref() == "c" => text.push('\t'),
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(())
}

impl Cell {
    fn text<'t>(&'t self, shared: &'t [String]) -> &'t str {
        if !self.is_shared {
            return &self.value;
        }
        let number: Option<usize> = self.value.trim().parse().ok();
        number.and_then(|number| shared.get(number)).map(String::as_str).unwrap_or_default()
    }
}
