//! The section of a channel as it takes effect: what the channel defaults to, overlaid by what was
//! typed.

use serde_json::{Map, Value};

/// Overlays a channel's defaults by what was typed.
///
/// Both spellings of a key are one key, and the result has it in the spelling of the defaults, where
/// the channel looks for it. Of a key that was typed in both spellings the camelCase one counts.
pub(crate) fn in_effect(
    defaults: &Map<String, Value>,
    typed: &Map<String, Value>,
) -> Map<String, Value> {
    let mut section = defaults.clone();
    for (key, value) in typed {
        let camel = camel_case(key);
        if camel != *key && typed.contains_key(&camel) {
            continue;
        }
        let known = defaults.keys().find(|known| camel_case(known) == camel);
        let key = known.unwrap_or(key);
        let value = match (defaults.get(key), value) {
            (Some(Value::Object(defaults)), Value::Object(typed)) => {
                Value::Object(in_effect(defaults, typed))
            }
            _ => value.clone(),
        };
        section.insert(key.clone(), value);
    }
    section
}

/// Keys of a section that the gateway reads and no channel needs to know: a change of them does not
/// concern the channel.
const GATEWAY_KEYS: [&str; 5] =
    ["allowFrom", "sendProgress", "sendToolHints", "onUnknown", "maxConcurrentDeliveries"];

/// What of a section is the channel's own.
pub(crate) fn without_gateway_keys(section: &Map<String, Value>) -> Map<String, Value> {
    let mut own = section.clone();
    own.retain(|key, _| !GATEWAY_KEYS.contains(&camel_case(key).as_str()));
    own
}

fn camel_case(key: &str) -> String {
    let mut camel = String::with_capacity(key.len());
    let mut is_upper = false;
    for letter in key.chars() {
        match letter {
            '_' if !camel.is_empty() => is_upper = true,
            _ if is_upper => {
                camel.extend(letter.to_uppercase());
                is_upper = false;
            }
            _ => camel.push(letter),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(defaults: Value, typed: Value, expected: &Value) {
        let (Value::Object(defaults), Value::Object(typed)) = (defaults, typed) else {
            panic!("sections are objects")
        };
        assert_eq!(&Value::Object(in_effect(&defaults, &typed)), expected);
    }

    #[test]
    fn typed_values_win_in_either_spelling() {
        check(
            json!({"port": 9000, "callbackUrl": null, "allowFrom": []}),
            json!({"callback_url": "http://a", "own_key": 1}),
            &json!({"port": 9000, "callbackUrl": "http://a", "allowFrom": [], "own_key": 1}),
        );
        check(json!({"poll_ms": 5}), json!({"pollMs": 7}), &json!({"poll_ms": 7}));
    }

    #[test]
    fn camel_case_counts_when_both_spellings_are_typed() {
        let typed = json!({"allowFrom": ["ada"], "allow_from": ["bob"]});
        check(json!({"allowFrom": []}), typed, &json!({"allowFrom": ["ada"]}));
    }

    #[test]
    fn objects_are_overlaid_key_by_key_and_lists_as_a_whole() {
        check(
            json!({"smtp": {"host": "a", "port": 25}, "folders": ["x"]}),
            json!({"smtp": {"port": 587}, "folders": []}),
            &json!({"smtp": {"host": "a", "port": 587}, "folders": []}),
        );
    }
}
