//! Changes the text without disturbing what they are not about.

use std::path::Path;

use jsonc_parser::cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode};
use serde_json::{Map, Value};

use super::syntax;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::resolve::is_setting_for_all_channels;
use crate::spelling::same_key;

/// A value to put at a place, with the keys on the way spelled as in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edit {
    path: Vec<String>,
    value: Value,
}

impl Edit {
    pub(crate) fn new(path: Vec<String>, value: Value) -> Edit {
        Edit { path, value }
    }

    /// Finds the place that a typed path means: existing keys in either spelling, new ones as given.
    pub(crate) fn along(
        file: &Path,
        root: &Map<String, Value>,
        dotted_path: &str,
        value: Value,
    ) -> Result<Edit, ConfigError> {
        let invalid = |message: String| ConfigError::new(ConfigErrorKind::Invalid, file, message);
        let keys: Vec<&str> = dotted_path.split('.').collect();
        if keys.iter().any(|key| key.is_empty()) {
            return Err(invalid(format!("{dotted_path:?} is not a path of keys")));
        }
        let mut path: Vec<String> = Vec::new();
        let mut object = Some(root);
        for (depth, key) in keys.iter().enumerate() {
            let typed = object.and_then(|object| existing_key(object, key, &path));
            path.push(typed.map_or_else(|| (*key).to_owned(), str::to_owned));
            let below = typed.and_then(|typed| object?.get(typed));
            let is_last = depth + 1 == keys.len();
            if let Some(other) = below.filter(|below| !is_last && !below.is_object()) {
                let found = if other.is_array() { "a list" } else { "a single value" };
                let message = format!("{} is {found}, not an object", path.join("."));
                return Err(invalid(message));
            }
            object = below.and_then(Value::as_object);
        }
        Ok(Edit::new(path, value))
    }

    pub(crate) fn changes(&self, root: &Map<String, Value>) -> bool {
        let (last, parents) = self.path.split_last().expect("a path has at least one key");
        let parent = parents.iter().try_fold(root, |object, key| object.get(key)?.as_object());
        parent.and_then(|object| object.get(last)) != Some(&self.value)
    }

    pub(crate) fn dotted_path(&self) -> String {
        self.path.join(".")
    }
}

fn existing_key<'o>(
    object: &'o Map<String, Value>,
    key: &str,
    parents: &[String],
) -> Option<&'o str> {
    if let Some((typed, _)) = object.get_key_value(key) {
        return Some(typed);
    }
    // Names of channels are exact; only settings have two spellings.
    let is_name = parents == ["channels"] && !is_setting_for_all_channels(key);
    let mut keys = object.keys().filter(|_| !is_name);
    keys.find(|typed| same_key(typed, key)).map(String::as_str)
}

/// Returns the changed text, or `None` if the text has no object where one is needed.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let root = CstRootNode::parse(text, &syntax::options()).ok()?;
    for edit in edits {
        put(&root.object_value()?, &edit.path, &edit.value)?;
    }
    Some(root.to_string())
}

fn put(object: &CstObject, path: &[String], value: &Value) -> Option<()> {
    let (key, rest) = path.split_first()?;
    match (property(object, key), rest) {
        (Some(property), []) => property.set_value(input(value)),
        (Some(property), rest) => put(&property.object_value()?, rest, value)?,
        (None, rest) => {
            object.append(key, nested(rest, value));
        }
    }
    Some(())
}

/// Of a repeated key the last one counts, as it does for every JSON parser.
fn property(object: &CstObject, key: &str) -> Option<CstObjectProp> {
    let mut properties = object.properties().into_iter().rev();
    properties.find(|property| property.decoded_name().as_deref() == Some(key))
}

fn nested(path: &[String], value: &Value) -> CstInputValue {
    path.iter()
        .rev()
        .fold(input(value), |inner, key| CstInputValue::Object(vec![(key.clone(), inner)]))
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(object) => CstInputValue::Object(
            object.iter().map(|(key, value)| (key.clone(), input(value))).collect(),
        ),
    }
}
