//! Decides what is missing in a channel's section.

use std::path::Path;

use serde_json::{Map, Value};

use super::edit::Edit;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::resolve::is_setting_for_all_channels;
use crate::spelling::same_key;

pub(crate) fn plan(
    file: &Path,
    root: &Map<String, Value>,
    name: &str,
    defaults: &Map<String, Value>,
) -> Result<Vec<Edit>, ConfigError> {
    let invalid = |message: String| ConfigError::new(ConfigErrorKind::Invalid, file, message);
    if name.is_empty() || is_setting_for_all_channels(name) {
        return Err(invalid(format!("a channel cannot have the name {name:?}")));
    }
    let path = vec!["channels".to_owned(), name.to_owned()];
    let section = match root.get("channels") {
        None => None,
        Some(Value::Object(channels)) => channels.get(name),
        Some(_) => return Err(invalid("channels must be an object".to_owned())),
    };
    match section {
        None => Ok(vec![Edit::new(path, Value::Object(defaults.clone()))]),
        Some(Value::Object(section)) => {
            let mut edits = Vec::new();
            missing(section, defaults, &path, &mut edits);
            Ok(edits)
        }
        Some(_) => Err(invalid(format!("channels.{name} must be an object"))),
    }
}

fn missing(
    existing: &Map<String, Value>,
    defaults: &Map<String, Value>,
    path: &[String],
    edits: &mut Vec<Edit>,
) {
    for (key, default) in defaults {
        let typed = existing
            .get_key_value(key)
            .or_else(|| existing.iter().find(|(typed, _)| same_key(typed, key)));
        let path_to = |key: &str| [path, &[key.to_owned()]].concat();
        match (typed, default) {
            (None, default) => edits.push(Edit::new(path_to(key), default.clone())),
            (Some((typed, Value::Object(existing))), Value::Object(defaults)) => {
                missing(existing, defaults, &path_to(typed), edits);
            }
            (Some(_), _) => {}
        }
    }
}
