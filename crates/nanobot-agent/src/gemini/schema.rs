//! The part of JSON Schema that is understood.
//!
//! Servers of tools write any schema, and a word that is not known makes the whole request fail.
//! The words are those of [JSON Schema support](https://ai.google.dev/gemini-api/docs/structured-output#json-schema-support)
//! and of `parametersJsonSchema` in the [reference](https://ai.google.dev/api/caching#FunctionDeclaration).

use serde_json::{Map, Value, json};

/// Words whose value is taken as it is.
const PLAIN: [&str; 10] = [
    "type",
    "title",
    "description",
    "enum",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "required",
    "propertyOrdering",
];
/// Words whose value is one schema.
const ONE: [&str; 2] = ["items", "additionalProperties"];
/// Words whose value is a list of schemas.
const LIST: [&str; 3] = ["anyOf", "oneOf", "prefixItems"];
/// Formats that are understood.
const FORMATS: [&str; 7] = ["date-time", "date", "time", "int32", "int64", "float", "double"];

/// The schema without the words that are not understood.
pub(super) fn subset(schema: &Value) -> Value {
    let Some(object) = schema.as_object() else {
        // `true` and `false` are schemas too.
        return schema.clone();
    };
    let mut kept = Map::new();
    for (word, value) in object {
        match word.as_str() {
            word if PLAIN.contains(&word) => {
                kept.insert(word.to_owned(), value.clone());
            }
            word if ONE.contains(&word) => {
                kept.insert(word.to_owned(), subset(value));
            }
            word if LIST.contains(&word) => {
                kept.insert(word.to_owned(), list(value));
            }
            "properties" => {
                kept.insert("properties".to_owned(), each(value));
            }
            "$defs" | "definitions" => {
                kept.insert("$defs".to_owned(), each(value));
            }
            "$ref" => {
                let path = value.as_str().unwrap_or_default();
                kept.insert("$ref".to_owned(), json!(path.replace("#/definitions/", "#/$defs/")));
            }
            "const" => {
                kept.insert("enum".to_owned(), json!([value]));
            }
            "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {
                kept.insert("format".to_owned(), value.clone());
            }
            _ => {}
        }
    }
    join_all_of(object, &mut kept);
    Value::Object(kept)
}

/// Schemas that must all hold are put together; where they contradict, the first wins.
fn join_all_of(object: &Map<String, Value>, kept: &mut Map<String, Value>) {
    for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let Value::Object(part) = subset(part) else { continue };
        for (word, value) in part {
            match (kept.get_mut(&word), value) {
                (Some(Value::Object(known)), Value::Object(more)) => {
                    for (name, schema) in more {
                        known.entry(name).or_insert(schema);
                    }
                }
                (Some(Value::Array(known)), Value::Array(more)) if word == "required" => {
                    known.extend(more);
                }
                (Some(_), _) => {}
                (None, value) => {
                    kept.insert(word, value);
                }
            }
        }
    }
}

fn list(schemas: &Value) -> Value {
    schemas.as_array().into_iter().flatten().map(subset).collect()
}

fn each(schemas: &Value) -> Value {
    let schemas = schemas.as_object().into_iter().flatten();
    Value::Object(schemas.map(|(name, schema)| (name.clone(), subset(schema))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &Value) {
        assert_eq!(subset(schema), *expected);
    }

    #[test]
    fn unknown_words_are_left_out_at_each_depth() {
        check(
            &json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {
                    "default": {"type": "string", "format": "uri", "default": "x", "pattern": "^h"},
                    "when": {"type": ["string", "null"], "format": "date-time"},
                    "list": {"type": "array", "items": {"type": "integer", "exclusiveMinimum": 0}},
                    "kind": {"const": "a"},
                    "any": {"anyOf": [{"type": "string", "examples": ["y"]}, {"type": "null"}]},
                    "tree": {"$ref": "#/definitions/Node"},
                    "free": {"type": "object", "additionalProperties": true},
                },
                "required": ["list"],
                "definitions": {"Node": {"type": "object", "unevaluatedProperties": false}},
            }),
            &json!({
                "type": "object",
                "properties": {
                    "default": {"type": "string"},
                    "when": {"type": ["string", "null"], "format": "date-time"},
                    "list": {"type": "array", "items": {"type": "integer"}},
                    "kind": {"enum": ["a"]},
                    "any": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "tree": {"$ref": "#/$defs/Node"},
                    "free": {"type": "object", "additionalProperties": true},
                },
                "required": ["list"],
                "$defs": {"Node": {"type": "object"}},
            }),
        );
    }

    #[test]
    fn schemas_that_must_all_hold_are_put_together() {
        check(
            &json!({
                "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"],
                "allOf": [{"properties": {"a": {}, "b": {"type": "integer"}}, "required": ["b"]}],
            }),
            &json!({
                "type": "object", "required": ["a", "b"],
                "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
            }),
        );
    }
}
