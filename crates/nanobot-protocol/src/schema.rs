use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::method::MethodInfo;
use crate::{ErrorObject, HostMessage, PluginMessage};

/// JSON Schema (draft 2020-12) of the protocol.
///
/// As a schema it accepts each line that either side may write. Its members `host` and `plugin` name
/// the parameters and the answer of every method, by who sends it, for those who generate code. The
/// committed copy is `protocol/v1/schema.json`.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let host = methods(HostMessage::METHODS, &mut generator);
    let plugin = methods(PluginMessage::METHODS, &mut generator);
    let error = generator.subschema_for::<ErrorObject>().to_value();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nanobot plugin protocol, version 1",
        "description": "Accepts each line of the protocol. `host` and `plugin` name the params and result of each method, by who sends it.",
        "anyOf": lines(&error, &mut generator),
        "host": host,
        "plugin": plugin,
        "error": error,
        "$defs": generator.take_definitions(true),
    })
}

fn methods(methods: &[MethodInfo], generator: &mut SchemaGenerator) -> Value {
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

/// One schema for each method, and two for answers: which result belongs to a line is not told by
/// the line itself.
fn lines(error: &Value, generator: &mut SchemaGenerator) -> Vec<Value> {
    let methods = HostMessage::METHODS.iter().chain(PluginMessage::METHODS);
    let mut lines: Vec<_> = methods.map(|method| call(method, generator)).collect();
    lines.push(line("answer", &json!({"id": id(), "result": {"type": "object"}})));
    lines.push(line("failure", &json!({"id": id(), "error": error})));
    lines
}

fn call(method: &MethodInfo, generator: &mut SchemaGenerator) -> Value {
    let params = (method.params)(generator).to_value();
    let mut members = json!({"method": {"const": method.name}, "params": params});
    if method.answer.is_some() {
        members["id"] = id();
    }
    line(method.name, &members)
}

/// A line that has all of these members.
fn line(title: &str, members: &Value) -> Value {
    let mut properties = json!({"jsonrpc": {"const": "2.0"}});
    for (name, schema) in members.as_object().into_iter().flatten() {
        properties[name] = schema.clone();
    }
    let required: Vec<_> =
        properties.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    json!({"title": title, "type": "object", "required": required, "properties": properties})
}

fn id() -> Value {
    json!({"type": "integer", "minimum": 0})
}
