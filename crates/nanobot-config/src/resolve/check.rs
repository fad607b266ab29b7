//! Compares the tree with the schema, and says what is wrong in words.

use serde_json::{Number, Value};

use super::canonical::is_unset;
use super::notes::did_you_mean;
use super::problem::Problem;
use super::shape::{Others, Shape};
use crate::key_path::{KeyPath, Segment};

/// Most characters of a typed text that a message repeats.
const LONGEST_QUOTE: usize = 40;

/// Checks a value and everything in it, and turns texts into the numbers and truth values they stand for.
///
/// Texts because `${PORT}` and environment variables can give nothing else. `as_typed` is the same value before
/// `${VAR}` was resolved: it, and not the variable's content, is what a message may quote.
pub(crate) fn check(
    value: &mut Value,
    as_typed: Option<&Value>,
    shape: Shape<'_>,
    path: &KeyPath,
) -> Result<(), Problem> {
    convert(value, shape);
    if shape.is_anything() || (value.is_null() && shape.is_nullable()) {
        return Ok(());
    }
    if !fits(value, shape) {
        return Err(mismatch(value, as_typed, shape, path));
    }
    match value {
        Value::Object(object) => check_object(object, as_typed, shape, path),
        Value::Array(items) => {
            let Some(inner) = shape.items() else {
                return Ok(());
            };
            items.iter_mut().enumerate().try_for_each(|(index, item)| {
                let as_typed = as_typed.and_then(|typed| typed.get(index));
                check(item, as_typed, inner, &path.index(index))
            })
        }
        _ => Ok(()),
    }
}

fn check_object(
    object: &mut serde_json::Map<String, Value>,
    as_typed: Option<&Value>,
    shape: Shape<'_>,
    path: &KeyPath,
) -> Result<(), Problem> {
    if matches!(shape.others(), Others::Open) {
        return Ok(());
    }
    for (key, value) in object {
        let as_typed = as_typed.and_then(|typed| typed.get(key));
        let path = path.key(key);
        match (shape.property(key), shape.others()) {
            (Some((_, inner)), _) => check(value, as_typed, inner, &path)?,
            // A key that is nearly one of the named ones is more likely a slip than a name.
            (None, Others::Each(inner)) => {
                check(value, as_typed, inner, &path).map_err(|problem| Problem {
                    hint: problem.hint.or_else(|| did_you_mean(key, shape.names())),
                    ..problem
                })?;
            }
            (None, _) => {}
        }
    }
    Ok(())
}

fn convert(value: &mut Value, shape: Shape<'_>) {
    if shape.is_nullable() && is_unset(value) {
        *value = Value::Null;
    }
    if let Value::String(text) = value
        && !shape.allows("string")
    {
        let converted = if shape.allows("boolean") {
            as_bool(value).map(Value::Bool)
        } else if shape.allows("integer") || shape.allows("number") {
            text.trim().parse::<Number>().ok().map(Value::Number)
        } else {
            None
        };
        if let Some(converted) = converted {
            *value = converted;
        }
    }
    if shape.allows("integer")
        && let Some(whole) = whole_number(value)
    {
        *value = whole;
    }
}

/// Reads `8192.0` as `8192`, which other JSON tools write.
fn whole_number(value: &Value) -> Option<Value> {
    let number = value.as_f64().filter(|_| value.is_f64())?;
    let is_exact = number.fract() == 0.0 && number.abs() < 9e15;
    is_exact.then(|| Value::from(number as i64))
}

/// Reads a truth value, also as the texts that are usual in environment variables.
pub(crate) fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn fits(value: &Value, shape: Shape<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) => shape.allows("boolean"),
        Value::Array(_) => shape.allows("array"),
        Value::Object(_) => shape.allows("object"),
        Value::Number(number) => {
            let is_allowed =
                shape.allows("number") || (shape.allows("integer") && !number.is_f64());
            is_allowed && is_within(number, shape.bounds())
        }
        Value::String(text) => match shape.choices() {
            Some(choices) => choices.contains(&text.as_str()),
            None => shape.allows("string"),
        },
    }
}

fn is_within(number: &Number, (least, greatest): (Option<f64>, Option<f64>)) -> bool {
    let Some(number) = number.as_f64() else {
        return false;
    };
    least.is_none_or(|least| number >= least) && greatest.is_none_or(|greatest| number <= greatest)
}

fn mismatch(value: &Value, as_typed: Option<&Value>, shape: Shape<'_>, path: &KeyPath) -> Problem {
    let complaint = format!("must be {}, found {}", expected(shape), found(value, as_typed, shape));
    Problem::invalid(path, complaint, hint(value, shape, path))
}

fn expected(shape: Shape<'_>) -> String {
    if let Some(choices) = shape.choices() {
        let quoted: Vec<String> = choices.iter().map(|choice| format!("{choice:?}")).collect();
        return format!("one of {}", quoted.join(", "));
    }
    let alternatives = [
        ("string", "text".to_owned()),
        ("boolean", "true or false".to_owned()),
        ("integer", format!("a whole number{}", range(shape))),
        ("number", format!("a number{}", range(shape))),
        ("array", "a list".to_owned()),
        ("object", "an object".to_owned()),
    ];
    let allowed = alternatives
        .into_iter()
        .filter(|(type_name, _)| shape.allows(type_name))
        .map(|(_, words)| words);
    allowed.collect::<Vec<_>>().join(" or ")
}

fn range(shape: Shape<'_>) -> String {
    match shape.bounds() {
        (Some(least), Some(greatest)) => format!(" from {least} to {greatest}"),
        (Some(least), None) => format!(" of at least {least}"),
        (None, Some(greatest)) => format!(" of at most {greatest}"),
        (None, None) => String::new(),
    }
}

/// Describes a value. Texts are quoted only where a fixed set of words is expected: anywhere else one may be a
/// secret in the wrong place.
fn found(value: &Value, as_typed: Option<&Value>, shape: Shape<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) if is_quotable(value, as_typed, shape) => {
            value.to_string()
        }
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(_) => match as_typed.and_then(Value::as_str) {
            Some(typed) if shape.choices().is_some() => {
                format!("{:?}", typed.chars().take(LONGEST_QUOTE).collect::<String>())
            }
            _ => "text".to_owned(),
        },
    }
}

/// A number that stands in the file as a number is no secret, unless the key is for one.
fn is_quotable(value: &Value, as_typed: Option<&Value>, shape: Shape<'_>) -> bool {
    !shape.is_secret() && as_typed.is_some_and(|typed| !typed.is_string() && typed == value)
}

fn hint(value: &Value, shape: Shape<'_>, path: &KeyPath) -> Option<String> {
    match (value, path.segments().last()) {
        (Value::String(_), Some(Segment::Key(key))) if shape.allows("array") => {
            Some(format!("write a list: \"{key}\": [\"…\"]"))
        }
        (Value::String(text), _) => did_you_mean(text, shape.choices()?),
        _ => None,
    }
}
