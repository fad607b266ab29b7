//! Environment variables such as `NANOBOT_AGENTS__DEFAULTS__MODEL`, which fill what the file leaves open.

use std::cmp::Reverse;

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::canonical::canonical;
use super::notes::Notes;
use super::shape::{Others, Shape};
use crate::environment::Environment;
use crate::key_path::KeyPath;
use crate::spelling::{camel, fold};
use crate::warning::WarningKind;

/// What the names of variables that mean keys begin with, in any case.
const PREFIX: &str = "NANOBOT_";
/// What stands between the keys in a variable's name.
const SEPARATOR: &str = "__";

/// Which variables the values came from that the file does not have.
#[derive(Debug, Default)]
pub(crate) struct Origins(Vec<(KeyPath, String)>);

impl Origins {
    /// Returns the variable that set a value or something around it.
    pub(crate) fn of(&self, path: &KeyPath) -> Option<&str> {
        self.0
            .iter()
            .filter(|(origin, _)| path.segments().starts_with(origin.segments()))
            .max_by_key(|(origin, _)| origin.segments().len())
            .map(|(_, variable)| variable.as_str())
    }
}

struct Override<'e> {
    variable: &'e str,
    segments: Vec<String>,
    text: &'e str,
}

pub(crate) fn apply(
    root: &mut Map<String, Value>,
    environment: &Environment,
    notes: &mut Notes<'_>,
) -> Origins {
    let mut overrides: Vec<_> = environment.iter().filter_map(parse).collect();
    // The more precise variable wins over one that sets a whole object.
    overrides.sort_by_key(|each| (Reverse(each.segments.len()), each.variable));
    let mut origins = Origins::default();
    for each in &overrides {
        match place(root, Shape::root(), &each.segments, each, &KeyPath::default(), notes) {
            Placed::At(path) => origins.0.push((path, each.variable.to_owned())),
            Placed::FileWins => {}
            Placed::Unknown => {
                let remark = "does not name a known key";
                notes.add_variable(WarningKind::UnknownKey, each.variable, remark);
            }
            Placed::NotAnObject => {
                let remark = "is ignored because it is not a JSON object";
                notes.add_variable(WarningKind::Ignored, each.variable, remark);
            }
        }
    }
    origins
}

/// Understands a variable's name; `None` if it is not about a key of the file.
fn parse<'e>((variable, text): (&'e str, &'e str)) -> Option<Override<'e>> {
    let prefix = variable.get(..PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    let segments: Vec<String> =
        variable[PREFIX.len()..].split(SEPARATOR).map(str::to_lowercase).collect();
    let is_root_key = Shape::root().names().any(|name| name == segments[0]);
    is_root_key.then_some(Override { variable, segments, text })
}

enum Placed {
    At(KeyPath),
    FileWins,
    Unknown,
    NotAnObject,
}

fn place(
    object: &mut Map<String, Value>,
    shape: Shape<'_>,
    segments: &[String],
    given: &Override<'_>,
    path: &KeyPath,
    notes: &mut Notes<'_>,
) -> Placed {
    let Some((segment, rest)) = segments.split_first() else {
        return Placed::Unknown;
    };
    let Some((key, inner)) = find(object, shape, segment) else {
        return Placed::Unknown;
    };
    let path = path.key(&key);
    if rest.is_empty() {
        let Some(value) = value(given.text, inner, &path, notes) else {
            return Placed::NotAnObject;
        };
        return match fill(object, key, value) {
            true => Placed::At(path),
            false => Placed::FileWins,
        };
    }
    let below = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
    match (below, inner) {
        (Value::Object(below), Some(inner)) => place(below, inner, rest, given, &path, notes),
        (Value::Object(below), None) => place_freely(below, rest, given.text, &path),
        _ => Placed::FileWins,
    }
}

/// Finds the key that a segment means, as it is spelled in the object, and its shape if that is known.
fn find<'s>(
    object: &Map<String, Value>,
    shape: Shape<'s>,
    segment: &str,
) -> Option<(String, Option<Shape<'s>>)> {
    let wanted = fold(segment);
    let named = shape.properties().find(|(name, _)| fold(name) == wanted);
    let typed = object.keys().find(|key| fold(key) == wanted).cloned();
    let key_or = |other: &str| typed.clone().unwrap_or_else(|| other.to_owned());
    match (named, shape.others()) {
        (Some((name, inner)), _) => Some((key_or(name), Some(inner))),
        (None, Others::Each(inner)) => Some((key_or(segment), Some(inner))),
        (None, Others::Open) => Some((key_or(&camel(segment)), None)),
        (None, Others::Unknown) => None,
    }
}

/// Sets a value inside an object that only its owner understands.
fn place_freely(
    object: &mut Map<String, Value>,
    segments: &[String],
    text: &str,
    path: &KeyPath,
) -> Placed {
    let Some((segment, rest)) = segments.split_first() else {
        return Placed::Unknown;
    };
    let wanted = fold(segment);
    let typed = object.keys().find(|key| fold(key) == wanted).cloned();
    let key = typed.unwrap_or_else(|| camel(segment));
    let path = path.key(&key);
    if rest.is_empty() {
        return match fill(object, key, Value::from(text)) {
            true => Placed::At(path),
            false => Placed::FileWins,
        };
    }
    match object.entry(key).or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(below) => place_freely(below, rest, text, &path),
        _ => Placed::FileWins,
    }
}

/// Reads a variable's text as what its key needs; `None` if an object is needed and the text is none.
fn value(
    text: &str,
    shape: Option<Shape<'_>>,
    path: &KeyPath,
    notes: &mut Notes<'_>,
) -> Option<Value> {
    let Some(shape) = shape.filter(|shape| !shape.allows("string")) else {
        return Some(Value::from(text));
    };
    let json = serde_json::from_str(text).unwrap_or(Value::Null);
    match json {
        Value::Object(object) if shape.allows("object") => {
            Some(Value::Object(canonical(object, shape, path, notes)))
        }
        Value::Array(_) if shape.allows("array") => Some(json),
        _ if shape.allows("object") => None,
        // Numbers and truth values stay texts here; the check reads them, and complains if it cannot.
        _ => Some(Value::from(text)),
    }
}

/// Adds what is missing and tells whether anything was.
fn fill(object: &mut Map<String, Value>, key: String, value: Value) -> bool {
    match object.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert(value);
            true
        }
        Entry::Occupied(mut occupied) => match (occupied.get_mut(), value) {
            (Value::Object(below), Value::Object(given)) => {
                given.into_iter().fold(false, |any, (key, value)| fill(below, key, value) || any)
            }
            _ => false,
        },
    }
}
