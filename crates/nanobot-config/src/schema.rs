use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::model::Config;

/// The whole file's JSON Schema (draft 2020-12), with the fields' documentation as descriptions.
///
/// It names the camelCase spelling of every key. Keys that it does not name are allowed, because the file keeps
/// them; resolving warns about them.
#[must_use]
pub fn schema() -> Schema {
    CONFIG_SCHEMA.clone()
}

/// Without references, so that walking a value along its schema needs no lookups.
pub(crate) fn inlined_schema_for<T: JsonSchema>() -> Schema {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>()
}

pub(crate) static CONFIG_SCHEMA: LazyLock<Schema> = LazyLock::new(inlined_schema_for::<Config>);
