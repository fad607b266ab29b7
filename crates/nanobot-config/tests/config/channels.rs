use nanobot_config::{ConfigErrorKind, WarningKind};

use crate::support::{config, error, object, warnings};

#[test]
fn sections_keep_their_name_order_and_raw_content() {
    let raw = r#"{"allow_from": ["ada"], "someKey": null, "other_key": {"a_b": [1.50]}, "enabled": true}"#;
    let text = format!(
        r#"{{"channels": {{"z-last_one": {{}}, "my-channel": {raw}, "send_progress": false}}}}"#
    );
    let config = config(&text);
    let names: Vec<_> = config.channels.sections.keys().collect();
    assert_eq!(names, ["z-last_one", "my-channel"]);
    let section = &config.channels.sections["my-channel"];
    assert_eq!(section.raw, object(raw));
    assert!(section.is_enabled());
    assert!(!config.channels.send_progress);
    assert_eq!(warnings(&config), Vec::<String>::new());
}

#[test]
fn common_keys_are_read_in_both_spellings() {
    for text in [
        r#"{"enabled": true, "allowFrom": ["a", 7], "streaming": true, "sendProgress": false, "sendToolHints": true, "onUnknown": "hold", "trustPlugin": false, "publishTo": ["telegram"]}"#,
        r#"{"enabled": "yes", "allow_from": ["a", 7], "streaming": "true", "send_progress": false, "send_tool_hints": true, "on_unknown": "hold", "trust_plugin": "no", "publish_to": ["telegram"]}"#,
    ] {
        let config = config(&format!(r#"{{"channels": {{"x": {text}}}}}"#));
        let section = &config.channels.sections["x"];
        assert!(section.is_enabled());
        assert_eq!(section.allow_from, Some(vec!["a".to_owned(), "7".to_owned()]));
        assert_eq!(section.streaming, Some(true));
        assert_eq!(section.send_progress, Some(false));
        assert_eq!(section.send_tool_hints, Some(true));
        assert_eq!(section.on_unknown, Some(nanobot_config::OnUnknown::Hold));
        assert_eq!(section.trust_plugin, Some(false));
        assert_eq!(section.publish_to, Some(vec!["telegram".to_owned()]));
    }
}

#[test]
fn absent_common_keys_stay_absent() {
    let config = config(r#"{"channels": {"x": {"allowFrom": null}}}"#);
    let section = &config.channels.sections["x"];
    assert!(!section.is_enabled());
    assert_eq!((section.enabled, section.streaming), (None, None));
    assert_eq!(section.allow_from, None, "absent is not the same as an empty list");
}

#[test]
fn camel_case_wins_in_a_section_too() {
    let config = config(
        "{\"channels\": {\"x\": {\n\"allow_from\": [\"snake\"],\n\"allowFrom\": [\"camel\"]}}}",
    );
    assert_eq!(config.channels.sections["x"].allow_from, Some(vec!["camel".to_owned()]));
    assert_eq!(
        warnings(&config),
        ["line 2: channels.x.allow_from is given in both spellings; the camelCase one counts"]
    );
}

#[test]
fn allow_list_that_is_no_list_is_an_error_with_a_hint() {
    let error = error("{\"channels\": {\"x\": {\n  \"allow_from\": \"ada\"}}}");
    assert_eq!(error.kind(), ConfigErrorKind::Invalid);
    assert_eq!(
        error.to_string(),
        "config.json:2:17: channels.x.allow_from must be a list, found text"
    );
    assert_eq!(error.hint().unwrap(), "write a list: \"allow_from\": [\"…\"]");
}

#[test]
fn list_entry_that_is_neither_text_nor_number_is_an_error() {
    let error = error(r#"{"channels": {"x": {"allowFrom": ["a", true]}}}"#);
    assert_eq!(
        error.message(),
        "channels.x.allowFrom[1] must be text or a whole number, found true"
    );
}

#[test]
fn unclear_enabled_is_an_error() {
    let error = error(r#"{"channels": {"x": {"enabled": "maybe"}}}"#);
    assert_eq!(error.message(), "channels.x.enabled must be true or false, found text");
}

#[test]
fn plugins_own_use_of_a_common_name_is_only_reported() {
    let config = config(r#"{"channels": {"x": {"enabled": true, "streaming": {"mode": "edit"}}}}"#);
    let section = &config.channels.sections["x"];
    assert_eq!(section.streaming, None);
    assert_eq!(section.raw["streaming"]["mode"], "edit");
    assert_eq!(config.warnings[0].kind, WarningKind::Ignored);
}

#[test]
fn section_that_is_no_object_is_an_error_naming_it() {
    let error = error(r#"{"channels": {"my-bot": true}}"#);
    assert_eq!(
        error.to_string(),
        "config.json:1:25: channels.my-bot must be an object, found true"
    );
}

#[test]
fn misspelt_setting_for_all_channels_gets_a_guess() {
    let error = error(r#"{"channels": {"sendProgres": true}}"#);
    assert_eq!(error.message(), "channels.sendProgres must be an object, found true");
    assert_eq!(error.hint().unwrap(), "did you mean \"sendProgress\"?");
}
