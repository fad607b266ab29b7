use nanobot_config::{ConfigErrorKind, Environment};
use serde_json::{Value, json};

use crate::support::{object, parse};

/// Fills channel `x` and checks what was added and the whole text afterwards.
#[track_caller]
fn check_fill(text: &str, defaults: &str, added: &[&str], expected: &str) {
    let mut file = parse(text).unwrap();
    let found = file.fill_channel("x", &object(defaults)).unwrap();
    assert_eq!(found, added);
    assert_eq!(file.text(), expected);
    assert_eq!(file.is_changed(), !added.is_empty());
    let reparsed: Value = parse(expected).unwrap().value().clone();
    assert_eq!(file.value(), &reparsed);
}

#[test]
fn missing_section_is_added_in_the_style_of_the_file() {
    check_fill(
        "{\n  \"channels\": {\n    \"a\": {}\n  }\n}\n",
        r#"{"enabled": false, "allowFrom": [], "dm": {"policy": "open"}}"#,
        &["channels.x"],
        "{\n  \"channels\": {\n    \"a\": {},\n    \"x\": {\n      \"enabled\": false,\n      \"allowFrom\": [],\n      \"dm\": {\n        \"policy\": \"open\"\n      }\n    }\n  }\n}\n",
    );
    check_fill(
        "{\n\t\"channels\": {}\n}",
        r#"{"a": 1}"#,
        &["channels.x"],
        "{\n\t\"channels\": {\n\t\t\"x\": {\n\t\t\t\"a\": 1\n\t\t}\n\t}\n}",
    );
    check_fill(
        "{}",
        r#"{"a": 1}"#,
        &["channels.x"],
        "{\n  \"channels\": {\n    \"x\": {\n      \"a\": 1\n    }\n  }\n}",
    );
}

#[test]
fn other_spelling_of_a_key_is_not_added_again() {
    let text = r#"{"channels": {"x": {"allow_from":["x"]}}}"#;
    check_fill(text, r#"{"allowFrom": []}"#, &[], text);
    let file = parse(text).unwrap();
    let config = file.resolve(&Environment::default()).unwrap();
    assert_eq!(config.channels.sections["x"].allow_from, Some(vec!["x".to_owned()]));
    let text = r#"{"channels": {"x": {"allowFrom":["x"]}}}"#;
    check_fill(text, r#"{"allow_from": []}"#, &[], text);
}

#[test]
fn existing_values_are_never_touched_whatever_they_are() {
    let text = r#"{"channels": {"x": {"a": null, "b": [], "c": "", "d": {"e": 0}, "f": 1}}}"#;
    let defaults = r#"{"a": 1, "b": [1], "c": "x", "d": {"e": 5}, "f": {"g": 1}}"#;
    check_fill(text, defaults, &[], text);
}

#[test]
fn filling_goes_into_nested_objects() {
    check_fill(
        "{\n  \"channels\": {\n    \"x\": {\n      \"retry_policy\": {\n        \"max\": 1\n      }\n    }\n  }\n}",
        r#"{"enabled": false, "retryPolicy": {"max": 3, "min": 0}}"#,
        &["channels.x.enabled", "channels.x.retry_policy.min"],
        "{\n  \"channels\": {\n    \"x\": {\n      \"retry_policy\": {\n        \"max\": 1,\n        \"min\": 0\n      },\n      \"enabled\": false\n    }\n  }\n}",
    );
}

#[test]
fn everything_else_in_the_text_survives_byte_for_byte() {
    let before = "{ // café ☕\r\n  \"zebra\"  :1.50,\r\n  /* keep */ \"mystery\": {\"b\":[ 1,2 ],\"a\":\"\\u00e4\"},\r\n  \"channels\": {\r\n    \"x\": {\r\n      \"token\": \"日本\" // secret\r\n    },\r\n  },\r\n}\r\n// end";
    let expected = before
        .replace("\"日本\" // secret\r\n", "\"日本\", // secret\r\n      \"enabled\": false\r\n");
    check_fill(before, r#"{"enabled": false}"#, &["channels.x.enabled"], &expected);
}

#[test]
fn strings_are_escaped_whatever_they_hold() {
    let tricky = "quote \" slash \\ newline \n tab \t bell \u{7} emoji 🦀 line \u{2028}";
    let mut defaults = serde_json::Map::new();
    defaults
        .insert(tricky.to_owned(), json!({"inner": tricky, "list": [tricky, 1.5, null, true, {}]}));
    let mut file = parse("{}").unwrap();
    file.fill_channel("my \"channel\"", &defaults).unwrap();
    let section = &file.value()["channels"]["my \"channel\""];
    assert_eq!(section, &Value::Object(defaults));
}

#[test]
fn hyphenated_and_similar_channel_names_stay_apart() {
    let mut file = parse(r#"{"channels": {"my-bot": {"a": 1}, "my_bot": {"a": 2}}}"#).unwrap();
    let defaults = object(r#"{"b": 0}"#);
    assert_eq!(file.fill_channel("my-bot", &defaults).unwrap(), ["channels.my-bot.b"]);
    assert_eq!(file.fill_channel("myBot", &defaults).unwrap(), ["channels.myBot"]);
    let expected = json!({"my-bot": {"a": 1, "b": 0}, "my_bot": {"a": 2}, "myBot": {"b": 0}});
    assert_eq!(file.value()["channels"], expected);
}

#[test]
fn filling_twice_adds_nothing_the_second_time() {
    let mut file = parse("{}").unwrap();
    let defaults = object(r#"{"enabled": false, "nested": {"a": {}}}"#);
    file.fill_channel("x", &defaults).unwrap();
    let text = file.text().to_owned();
    assert_eq!(file.fill_channel("x", &defaults).unwrap(), Vec::<String>::new());
    assert_eq!(file.text(), text);
}

#[test]
fn filling_refuses_what_it_cannot_fill_and_changes_nothing() {
    for (text, name, expected) in [
        (r#"{"channels": []}"#, "x", "channels must be an object"),
        (r#"{"channels": {"x": 5}}"#, "x", "channels.x must be an object"),
        ("{}", "sendProgress", "a channel cannot have the name \"sendProgress\""),
        ("{}", "send_progress", "a channel cannot have the name \"send_progress\""),
        ("{}", "", "a channel cannot have the name \"\""),
    ] {
        let mut file = parse(text).unwrap();
        let error = file.fill_channel(name, &object("{\"a\": 1}")).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Invalid);
        assert_eq!(error.message(), expected);
        assert_eq!(file.text(), text);
    }
}

/// Sets one value in a text and checks the whole text afterwards.
#[track_caller]
fn check_set(text: &str, path: &str, value: Value, expected: &str) {
    let mut file = parse(text).unwrap();
    file.set(path, value).unwrap();
    assert_eq!(file.text(), expected);
}

#[test]
fn setting_changes_one_value_where_it_is() {
    let text = "{\n  // mine\n  \"gateway\": {\"port\": 1, \"host\": \"h\"} // end\n}";
    check_set(text, "gateway.port", json!(2), &text.replace("1,", "2,"));
    check_set(text, "gateway.port", json!(1), text);
    let snake = r#"{"agents": {"defaults": {"max_tokens": 1}}}"#;
    check_set(snake, "agents.defaults.maxTokens", json!(2), &snake.replace('1', "2"));
    let repeated = r#"{"api": {"port": 1, "port": 2}}"#;
    check_set(repeated, "api.port", json!(3), &repeated.replace('2', "3"));
    check_set(
        "{\n  \"agents\": {}\n}",
        "agents.defaults.model",
        json!("m"),
        "{\n  \"agents\": {\n    \"defaults\": {\n      \"model\": \"m\"\n    }\n  }\n}",
    );
    let channels = "{\"channels\": {\n  \"my_bot\": {\"enabled\": true}\n}}";
    let mut file = parse(channels).unwrap();
    file.set("channels.myBot.enabled", json!(false)).unwrap();
    assert_eq!(file.value()["channels"]["my_bot"]["enabled"], true);
    assert_eq!(file.value()["channels"]["myBot"]["enabled"], false);
}

#[test]
fn setting_refuses_a_path_that_leads_nowhere() {
    for (path, expected) in [
        ("", "\"\" is not a path of keys"),
        ("gateway..port", "\"gateway..port\" is not a path of keys"),
        ("gateway.port.deep", "gateway.port is a single value, not an object"),
        ("tools.list.x", "tools.list is a list, not an object"),
    ] {
        let text = r#"{"gateway": {"port": 1}, "tools": {"list": []}}"#;
        let mut file = parse(text).unwrap();
        let error = file.set(path, json!(1)).unwrap_err();
        assert_eq!(error.message(), expected);
        assert_eq!(file.text(), text);
    }
}
