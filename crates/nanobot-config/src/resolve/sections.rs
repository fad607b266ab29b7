//! The channels' own sections.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::check::check;
use super::notes::Notes;
use super::problem::Problem;
use super::shape::{Others, Shape};
use crate::key_path::KeyPath;
use crate::model::{ChannelSection, CommonKeys};
use crate::spelling::same_key;
use crate::warning::WarningKind;

/// Keys that decide who gets in. A mistake there stops the start; in the others it is only reported, because a
/// plugin may use the same name for something of its own.
const STRICT: [&str; 4] = ["enabled", "allowFrom", "trustPlugin", "publishTo"];

/// Takes the sections out of the checked tree; what stays are the settings for all channels.
pub(crate) fn take(
    root: &mut Value,
    notes: &mut Notes<'_>,
) -> Result<IndexMap<String, ChannelSection>, Problem> {
    let mut sections = IndexMap::new();
    let Some((_, channels_shape)) = Shape::root().property("channels") else {
        return Ok(sections);
    };
    let Others::Each(section_shape) = channels_shape.others() else {
        return Ok(sections);
    };
    let Some(Value::Object(channels)) = root.get_mut("channels") else {
        return Ok(sections);
    };
    let (globals, named): (Map<_, _>, Map<_, _>) = std::mem::take(channels)
        .into_iter()
        .partition(|(key, _)| channels_shape.property(key).is_some());
    *channels = globals;
    for (name, value) in named {
        if let Value::Object(raw) = value {
            let path = KeyPath::of(["channels", &name]);
            sections.insert(name, section(raw, section_shape, &path, notes)?);
        }
    }
    Ok(sections)
}

fn section(
    raw: Map<String, Value>,
    shape: Shape<'_>,
    path: &KeyPath,
    notes: &mut Notes<'_>,
) -> Result<ChannelSection, Problem> {
    let mut common = Map::new();
    for (name, inner) in shape.properties() {
        let Some(typed) = typed_key(&raw, name, path, notes) else {
            continue;
        };
        let mut value = raw[&typed].clone();
        let path = path.key(&typed);
        match check(&mut value, Some(&raw[&typed]), inner, &path) {
            Ok(()) => {
                common.insert(name.to_owned(), value);
            }
            Err(problem) if STRICT.contains(&name) => return Err(problem),
            Err(problem) => {
                let remark = format!("is ignored: it {}", problem.complaint);
                notes.add(WarningKind::Ignored, &path, &remark, problem.hint);
            }
        }
    }
    let common: CommonKeys = serde_path_to_error::deserialize(Value::Object(common))
        .map_err(|error| Problem::from_serde(&error))?;
    Ok(ChannelSection::new(raw, common))
}

/// Returns the key as typed; of two spellings the camelCase one.
fn typed_key(
    raw: &Map<String, Value>,
    name: &str,
    path: &KeyPath,
    notes: &mut Notes<'_>,
) -> Option<String> {
    let mut spellings = raw.keys().filter(|key| same_key(key, name));
    if !raw.contains_key(name) {
        return spellings.next().cloned();
    }
    if let Some(second) = spellings.find(|key| *key != name) {
        let remark = "is given in both spellings; the camelCase one counts";
        notes.add(WarningKind::BothSpellings, &path.key(second), remark, None);
    }
    Some(name.to_owned())
}
