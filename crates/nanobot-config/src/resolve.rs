//! From what was typed to what it means.
//!
//! The steps, each a file: old keys are moved, keys get one spelling, the environment fills gaps, `${VAR}` is
//! resolved, values are checked, and only then typed. Every step works on a JSON tree along the schema.

mod canonical;
mod check;
mod migrate;
mod notes;
mod overrides;
mod places;
mod problem;
mod sections;
mod shape;
mod targets;
mod variables;

use serde_json::{Map, Value};

use crate::environment::Environment;
use crate::error::ConfigError;
use crate::file::ConfigFile;
use crate::file::locate::Locator;
use crate::key_path::KeyPath;
use crate::model::{Config, Providers};
use crate::warning::WarningKind;
use notes::Notes;
use overrides::Origins;
use problem::Problem;
use shape::Shape;

pub(crate) use check::as_bool;

pub(crate) fn resolve(file: &ConfigFile, environment: &Environment) -> Result<Config, ConfigError> {
    let locator = Locator::new(file.text());
    let mut notes = Notes::new(&locator);
    let mut root = file.object().clone();
    migrate::migrate(&mut root, &mut notes);
    let mut root = canonical::canonical(root, Shape::root(), &KeyPath::default(), &mut notes);
    canonical::drop_unset(&mut root, Shape::root());
    let origins = overrides::apply(&mut root, environment, &mut notes);
    finish(root, environment, &mut notes)
        .map(|config| Config { warnings: notes.into_warnings(), ..config })
        .map_err(|problem| locate(problem, file, &locator, &origins))
}

fn finish(
    mut root: Map<String, Value>,
    environment: &Environment,
    notes: &mut Notes<'_>,
) -> Result<Config, Problem> {
    let as_typed = Value::Object(root.clone());
    variables::substitute(&mut root, environment, notes)?;
    let mut root = Value::Object(root);
    check::check(&mut root, Some(&as_typed), Shape::root(), &KeyPath::default())?;
    targets::check(&root)?;
    places::check(&root)?;
    let sections = sections::take(&mut root, notes)?;
    let mut config: Config =
        serde_path_to_error::deserialize(root).map_err(|error| Problem::from_serde(&error))?;
    config.channels.sections = sections;
    warn_of_unknown_providers(&config.providers, notes);
    Ok(config)
}

fn warn_of_unknown_providers(providers: &Providers, notes: &mut Notes<'_>) {
    for (name, _) in providers.iter() {
        if !Providers::KNOWN.contains(&name) {
            let path = KeyPath::of(["providers", name]);
            let known = Providers::KNOWN.iter().copied();
            notes.unknown(WarningKind::UnknownKey, &path, name, known);
        }
    }
}

/// Tells whether a key below `channels` is a setting for all channels and not the name of one.
pub(crate) fn is_setting_for_all_channels(key: &str) -> bool {
    Shape::root().property("channels").is_some_and(|(_, channels)| channels.property(key).is_some())
}

/// A value from the environment is said to be from there; all others get their place in the text.
fn locate(
    problem: Problem,
    file: &ConfigFile,
    locator: &Locator<'_>,
    origins: &Origins,
) -> ConfigError {
    let exact = locator.value(&problem.path);
    let origin = origins.of(&problem.path).filter(|_| exact.is_none());
    let message = match origin {
        Some(variable) => format!("{}, set by {variable}, {}", problem.path, problem.complaint),
        None => format!("{} {}", problem.path, problem.complaint),
    };
    let position = match origin {
        Some(_) => None,
        None => exact.or_else(|| locator.around(&problem.path)),
    };
    ConfigError::new(problem.kind, file.path(), message).at(position).hinting(problem.hint)
}
