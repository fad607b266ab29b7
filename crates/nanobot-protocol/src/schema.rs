use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::method::MethodInfo;
use crate::{ErrorObject, HostMessage, PluginMessage};

/// JSON Schema (draft 2020-12) of the protocol: parameters and answers of every method.
///
/// The committed copy is `protocol/v1/schema.json`.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let host = methods(HostMessage::METHODS, &mut generator);
    let plugin = methods(PluginMessage::METHODS, &mut generator);
    let error = generator.subschema_for::<ErrorObject>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nanobot plugin protocol, version 1",
        "description": "Each line is a JSON-RPC 2.0 object; this names the params and result of each method, by who sends it.",
        "host": host,
        "plugin": plugin,
        "error": error,
        "$defs": generator.take_definitions(true),
    })
}

fn methods(methods: &[MethodInfo], generator: &mut schemars::SchemaGenerator) -> Value {
    let described = methods.iter().map(|method| {
        let mut entry = Map::new();
        entry.insert("params".into(), (method.params)(generator).to_value());
        if let Some(answer) = method.answer {
            entry.insert("result".into(), answer(generator).to_value());
        }
        (method.name.to_owned(), Value::Object(entry))
    });
    Value::Object(described.collect())
}
