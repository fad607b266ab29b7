//! Running text: paragraphs, and tables in it.

use quick_xml::events::{BytesStart, Event};

use super::super::Limits;
use super::{Xml, character, damaged};

/// What the elements of a format mean for the text, by their names without a prefix.
pub(super) struct Meaning {
    /// Elements whose text is said.
    said: &'static [&'static str],
    /// Elements that stand for a gap.
    gaps: &'static [(&'static str, Gap)],
    /// Elements that end with a gap.
    ends: &'static [(&'static str, Gap)],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Space,
    Tab,
    Line,
    /// End of a cell of a table; its paragraphs are on one line.
    Cell,
    /// End of a row.
    Row,
}

/// Word processing of Office Open XML.
pub(super) const WORDS: Meaning = Meaning {
    said: &["t"],
    gaps: &[("tab", Gap::Tab), ("br", Gap::Line), ("cr", Gap::Line)],
    ends: &[("p", Gap::Line), ("tc", Gap::Cell), ("tr", Gap::Row)],
};
/// Presentations of Office Open XML.
pub(super) const PRESENTATION: Meaning = Meaning {
    said: &["t"],
    gaps: &[("br", Gap::Line)],
    ends: &[("p", Gap::Line), ("tc", Gap::Cell), ("tr", Gap::Row)],
};
/// OpenDocument.
pub(super) const TEXT: Meaning = Meaning {
    said: &["p", "h"],
    gaps: &[("tab", Gap::Tab), ("s", Gap::Space), ("line-break", Gap::Line)],
    ends: &[("p", Gap::Line), ("h", Gap::Line), ("table-cell", Gap::Cell), ("table-row", Gap::Row)],
};

pub(super) fn read(mut xml: Xml<'_>, meaning: &Meaning, limits: &Limits) -> Result<String, String> {
    let (mut text, mut buffer, mut depth) = (String::new(), Vec::new(), 0_usize);
    while limits.allow(&text) {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Start(element) => {
                depth += usize::from(is_said(meaning, element.local_name().as_ref()));
                push_gap(&mut text, meaning, &element);
            }
            Event::Empty(element) => push_gap(&mut text, meaning, &element),
            Event::End(element) => {
                let name = element.local_name();
                depth = depth.saturating_sub(usize::from(is_said(meaning, name.as_ref())));
                let gap = meaning.ends.iter().find(|(known, _)| *known == name.as_ref());
                gap.into_iter().for_each(|(_, gap)| push(&mut text, *gap));
            }
            Event::Text(said) if depth > 0 => text.push_str(&said),
            Event::CData(said) if depth > 0 => text.push_str(&said),
            Event::GeneralRef(reference) if depth > 0 => text.extend(character(&reference)),
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(text)
}

fn is_said(meaning: &Meaning, name: &str) -> bool {
    meaning.said.contains(&name)
}

fn push_gap(text: &mut String, meaning: &Meaning, element: &BytesStart<'_>) {
    let name = element.local_name();
    let gap = meaning.gaps.iter().find(|(known, _)| *known == name.as_ref());
    // With attributes it is a place on the ruler.
    let is_stop = |gap: Gap| gap == Gap::Tab && !element.attributes_raw().trim().is_empty();
    if let Some((_, gap)) = gap.filter(|(_, gap)| !is_stop(*gap)) {
        push(text, *gap);
    }
}

fn push(text: &mut String, gap: Gap) {
    match gap {
        Gap::Space => text.push(' '),
        Gap::Tab => text.push('\t'),
        Gap::Line => text.push('\n'),
        Gap::Cell => {
            text.truncate(text.trim_end_matches('\n').len());
            text.push('\t');
        }
        Gap::Row => {
            text.truncate(text.trim_end_matches('\t').len());
            text.push('\n');
        }
    }
}
