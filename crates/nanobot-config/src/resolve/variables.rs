//! `${VAR}` inside texts.

use serde_json::{Map, Value};

use super::check::as_bool;
use super::notes::Notes;
use super::problem::Problem;
use crate::environment::Environment;
use crate::error::ConfigErrorKind;
use crate::key_path::KeyPath;
use crate::warning::WarningKind;

/// Replaces every `${VAR}` in every text of the tree.
///
/// A variable that is not set is an error, except in the section of a channel that is not enabled: people keep
/// sections for channels that they do not run.
pub(crate) fn substitute(
    root: &mut Map<String, Value>,
    environment: &Environment,
    notes: &mut Notes<'_>,
) -> Result<(), Problem> {
    for (key, value) in root {
        let path = KeyPath::of([key.as_str()]);
        match value {
            Value::Object(channels) if key == "channels" => {
                substitute_channels(channels, environment, &path, notes)?;
            }
            value => walk(value, environment, &path, &mut |missing| Err(missing.into()))?,
        }
    }
    Ok(())
}

fn substitute_channels(
    channels: &mut Map<String, Value>,
    environment: &Environment,
    path: &KeyPath,
    notes: &mut Notes<'_>,
) -> Result<(), Problem> {
    for (key, value) in channels {
        let path = path.key(key);
        if let Value::Object(section) = value
            && !is_enabled(section, environment, &path)?
        {
            walk(value, environment, &path, &mut |missing| {
                let remark = format!("names {}, which is not set", missing.variable);
                notes.add(WarningKind::Variable, &missing.path, &remark, None);
                Ok(())
            })?;
        } else {
            walk(value, environment, &path, &mut |missing| Err(missing.into()))?;
        }
    }
    Ok(())
}

/// Whether a channel runs must be known, so a missing variable there is an error in any case.
fn is_enabled(
    section: &mut Map<String, Value>,
    environment: &Environment,
    path: &KeyPath,
) -> Result<bool, Problem> {
    let Some(enabled) = section.get_mut("enabled") else {
        return Ok(false);
    };
    let path = path.key("enabled");
    walk(enabled, environment, &path, &mut |missing| Err(missing.into()))?;
    Ok(as_bool(enabled).unwrap_or(false))
}

struct Missing {
    path: KeyPath,
    variable: String,
}

impl From<Missing> for Problem {
    fn from(missing: Missing) -> Problem {
        let Missing { path, variable } = missing;
        Problem {
            kind: ConfigErrorKind::Variable,
            path,
            complaint: format!("needs the environment variable {variable}, which is not set"),
            hint: Some(format!("export {variable}=…")),
        }
    }
}

fn walk(
    value: &mut Value,
    environment: &Environment,
    path: &KeyPath,
    on_missing: &mut dyn FnMut(Missing) -> Result<(), Problem>,
) -> Result<(), Problem> {
    match value {
        Value::String(text) => match expand(text, environment) {
            Ok(None) => {}
            Ok(Some(expanded)) => *text = expanded,
            Err(variable) => on_missing(Missing { path: path.clone(), variable })?,
        },
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, environment, &path.index(index), on_missing)?;
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                walk(value, environment, &path.key(key), on_missing)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// Returns the text with its variables replaced, `None` if it has none, or the first one that is not set.
///
/// Values are not searched again, so a variable's content can never name another variable.
fn expand(text: &str, environment: &Environment) -> Result<Option<String>, String> {
    let mut expanded = String::new();
    let mut rest = text;
    let mut has_variables = false;
    while let Some(start) = rest.find("${") {
        let after = &rest[start + 2..];
        if let Some(name) = variable_name(after) {
            let value = environment.get(name).ok_or_else(|| name.to_owned())?;
            expanded.push_str(&rest[..start]);
            expanded.push_str(value);
            rest = &after[name.len() + 1..];
            has_variables = true;
        } else {
            expanded.push_str(&rest[..start + 2]);
            rest = after;
        }
    }
    expanded.push_str(rest);
    Ok(has_variables.then_some(expanded))
}

/// Returns the name at the start of `text` if a `}` follows it directly.
fn variable_name(text: &str) -> Option<&str> {
    let name = &text[..text.find('}')?];
    let mut characters = name.chars();
    let starts_well =
        characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let goes_on_well = characters.all(|next| next.is_ascii_alphanumeric() || next == '_');
    (starts_well && goes_on_well).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_wherever_they_stand_in_a_text() {
        let environment = Environment::from_pairs([("A", "1"), ("_b2", "two"), ("SELF", "${A}")]);
        for (text, expected) in [
            ("plain", None),
            ("${A}", Some("1")),
            ("x${A}y${_b2}z", Some("x1ytwoz")),
            ("${SELF}", Some("${A}")),
            ("${A", None),
            ("$A {A}", None),
            ("${1A} ${A-B} ${}", None),
            ("${${A}}", Some("${1}")),
            ("ä${A}ö", Some("ä1ö")),
        ] {
            let expected = Ok(expected.map(str::to_owned));
            assert_eq!(expand(text, &environment), expected, "{text}");
        }
        assert_eq!(expand("${A}${NO}", &environment), Err("NO".to_owned()));
    }
}
