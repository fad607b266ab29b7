//! A channel's section against the schema that the channel gives of it.

use serde_json::{Map, Value};

/// Says which values are not what the schema wants: types, bounds and choices are looked at.
/// The rest is judged by the channel when it starts. Values may be secrets, and are not said.
pub(super) fn mismatches(path: &str, schema: &Value, section: &Map<String, Value>) -> Vec<String> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let known = section.iter().filter_map(|(key, value)| Some((key, value, properties.get(key)?)));
    known
        .flat_map(|(key, value, schema)| {
            let path = format!("{path}.{key}");
            match (wanted(schema, value), value) {
                (Some(wanted), _) => vec![format!("{path} must be {wanted}")],
                (None, Value::Object(below)) => mismatches(&path, schema, below),
                (None, _) => Vec::new(),
            }
        })
        .collect()
}

/// What the value must be, if it is not.
fn wanted(schema: &Value, value: &Value) -> Option<String> {
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_of_type(value, name)) {
        let words: Vec<&str> = types.iter().map(|name| in_words(name)).collect();
        return Some(words.join(" or "));
    }
    let choices = schema["enum"].as_array();
    if let Some(choices) = choices.filter(|choices| !choices.contains(value)) {
        let words: Vec<String> = choices.iter().map(Value::to_string).collect();
        return Some(format!("one of {}", words.join(", ")));
    }
    let number = value.as_f64()?;
    let beyond = |key: &str, is_beyond: fn(f64, f64) -> bool| {
        schema[key].as_f64().filter(|bound| is_beyond(number, *bound))
    };
    let low = beyond("minimum", |number, bound| number < bound);
    let high = beyond("maximum", |number, bound| number > bound);
    low.map(|bound| format!("at least {bound}")).or(high.map(|bound| format!("at most {bound}")))
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn in_words(name: &str) -> &str {
    match name {
        "null" => "null",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a text",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(section: Value, expected: &[&str]) {
        let schema = json!({"properties": {
            "port": {"type": "integer", "minimum": 1, "maximum": 65535},
            "url": {"type": ["string", "null"]},
            "mode": {"type": "string", "enum": ["fast", "slow"]},
            "smtp": {"type": "object", "properties": {"host": {"type": "string"}}},
            "other": {"$ref": "#/$defs/Other"},
        }});
        let Value::Object(section) = section else { panic!("sections are objects") };
        assert_eq!(mismatches("channels.x", &schema, &section), expected);
    }

    #[test]
    fn what_built_in_channels_start_with_fits_what_they_want() {
        for built_in in crate::channels::BUILT_INS {
            let described = (built_in.describe)();
            let wrong = mismatches("x", &described.config_schema, &described.default_config);
            assert_eq!(wrong, [""; 0], "{}", built_in.name);
            assert!(described.config_schema["properties"].is_object(), "{}", built_in.name);
        }
    }

    #[test]
    fn what_the_schema_wants_is_taken() {
        check(json!({"port": 80, "url": null, "mode": "slow", "other": 5, "unknown": []}), &[]);
        check(json!({"port": 65535, "url": "http://a", "smtp": {"host": "b"}}), &[]);
        check(json!({}), &[]);
    }

    #[test]
    fn what_it_does_not_want_is_told_by_path_and_without_the_value() {
        check(json!({"port": "secret"}), &["channels.x.port must be a whole number"]);
        check(json!({"port": 0}), &["channels.x.port must be at least 1"]);
        check(json!({"port": 65536}), &["channels.x.port must be at most 65535"]);
        check(json!({"url": 5}), &["channels.x.url must be a text or null"]);
        check(json!({"mode": "odd"}), &["channels.x.mode must be one of \"fast\", \"slow\""]);
        check(json!({"smtp": {"host": true}}), &["channels.x.smtp.host must be a text"]);
    }
}
