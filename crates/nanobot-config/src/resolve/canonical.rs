//! One spelling for each key, so that the later steps need to know only one.

use serde_json::{Map, Value};

use super::notes::Notes;
use super::shape::{Others, Shape};
use crate::key_path::KeyPath;
use crate::warning::WarningKind;

/// Names a schema for editors; has no meaning for the program.
const EDITOR_SCHEMA_KEY: &str = "$schema";

/// Returns the object with its keys in camelCase and without unknown ones, which are reported.
pub(crate) fn canonical(
    object: Map<String, Value>,
    shape: Shape<'_>,
    path: &KeyPath,
    notes: &mut Notes<'_>,
) -> Map<String, Value> {
    if matches!(shape.others(), Others::Open) {
        return object;
    }
    let both_given: Vec<String> =
        object.keys().filter(|key| is_second_spelling(key, &object, shape)).cloned().collect();
    let mut result = Map::new();
    for (key, value) in object {
        let path = path.key(&key);
        if both_given.contains(&key) {
            let remark = "is given in both spellings; the camelCase one counts";
            notes.add(WarningKind::BothSpellings, &path, remark, None);
            continue;
        }
        match (shape.property(&key), shape.others()) {
            (Some((name, inner)), _) => {
                result.insert(name.to_owned(), descend(value, inner, &path, notes));
            }
            (None, Others::Each(inner)) => {
                result.insert(key, descend(value, inner, &path, notes));
            }
            (None, _) if key == EDITOR_SCHEMA_KEY => {}
            (None, _) => notes.unknown(WarningKind::UnknownKey, &path, &key, shape.names()),
        }
    }
    result
}

fn is_second_spelling(key: &str, object: &Map<String, Value>, shape: Shape<'_>) -> bool {
    shape.property(key).is_some_and(|(name, _)| name != key && object.contains_key(name))
}

fn descend(value: Value, shape: Shape<'_>, path: &KeyPath, notes: &mut Notes<'_>) -> Value {
    match value {
        Value::Object(object) => Value::Object(canonical(object, shape, path, notes)),
        other => other,
    }
}

/// Removes what says "not given" in keys that may be absent: null and blank texts.
///
/// Files written by the original name every key, so without this the environment could never fill one.
pub(crate) fn drop_unset(object: &mut Map<String, Value>, shape: Shape<'_>) {
    if matches!(shape.others(), Others::Open) {
        return;
    }
    object.retain(|key, value| {
        let inner = match (shape.property(key), shape.others()) {
            (Some((_, inner)), _) | (None, Others::Each(inner)) => inner,
            (None, _) => return true,
        };
        if let Value::Object(object) = value {
            drop_unset(object, inner);
        }
        !(inner.is_nullable() && is_unset(value))
    });
}

pub(crate) fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
