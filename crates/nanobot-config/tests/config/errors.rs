use nanobot_config::ConfigErrorKind;

use crate::support::{config, error, parse, resolve, warnings};

#[test]
fn syntax_errors_name_their_place() {
    for (text, expected) in [
        ("", "config.json: the file is empty"),
        ("  // only this\n", "config.json: the file is empty"),
        ("[]", "config.json: the file must hold an object: { … }"),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "config.json:2:9: expected comma"),
        ("{\n  \"ä\": nope\n}", "config.json:2:8: unexpected word"),
        ("{'a': 1}", "config.json:1:2: single-quoted strings are not allowed"),
        ("{\"a\": 1", "config.json:1:1: unterminated object"),
        ("{} {}", "config.json:1:4: text cannot contain more than one JSON value"),
    ] {
        assert_eq!(error(text).to_string(), expected, "{text:?}");
    }
    assert_eq!(error("{").kind(), ConfigErrorKind::Syntax);
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let text = "[".repeat(1_000_000);
    assert_eq!(error(&text).kind(), ConfigErrorKind::Syntax);
}

#[test]
fn values_that_do_not_fit_are_explained_with_their_place() {
    for (text, expected) in [
        (
            "{\n  \"channels\": {\n    \"sendMaxRetries\": 50\n  }\n}",
            "config.json:3:23: channels.sendMaxRetries must be a whole number from 0 to 10, found 50",
        ),
        (
            r#"{"channels": {"send_max_retries": -1}}"#,
            "config.json:1:35: channels.sendMaxRetries must be a whole number from 0 to 10, found -1",
        ),
        (
            r#"{"gateway": {"port": 70000}}"#,
            "config.json:1:22: gateway.port must be a whole number from 0 to 65535, found 70000",
        ),
        (
            r#"{"gateway": {"port": "http"}}"#,
            "config.json:1:22: gateway.port must be a whole number from 0 to 65535, found text",
        ),
        (
            r#"{"gateway": {"port": 1.5}}"#,
            "config.json:1:22: gateway.port must be a whole number from 0 to 65535, found 1.5",
        ),
        (
            r#"{"agents": {"defaults": {"maxTokens": 99999999999}}}"#,
            "config.json:1:39: agents.defaults.maxTokens must be a whole number from 1 to 4294967295, found 99999999999",
        ),
        (
            r#"{"agents": {"defaults": {"temperature": -1}}}"#,
            "config.json:1:41: agents.defaults.temperature must be a number of at least 0, found -1",
        ),
        (r#"{"agents": []}"#, "config.json:1:12: agents must be an object, found a list"),
        (
            r#"{"agents": {"defaults": {"model": 5}}}"#,
            "config.json:1:35: agents.defaults.model must be text, found 5",
        ),
        (
            r#"{"agents": {"defaults": {"providerRetryMode": "persistant"}}}"#,
            r#"config.json:1:47: agents.defaults.providerRetryMode must be one of "standard", "persistent", found "persistant""#,
        ),
        (
            r#"{"tools": {"mcpServers": {"a.b": {"type": "pipe"}}}}"#,
            r#"config.json:1:43: tools.mcpServers.a.b.type must be one of "stdio", "sse", "streamableHttp", found "pipe""#,
        ),
        (
            r#"{"tools": {"ssrfWhitelist": ["10.0.0.0/8", null]}}"#,
            "config.json:1:44: tools.ssrfWhitelist[1] must be text, found null",
        ),
        (
            r#"{"tools": {"exec": {"sandbox": "docker"}}}"#,
            r#"config.json:1:32: tools.exec.sandbox must be one of "", "none", "landlock", "bwrap", found "docker""#,
        ),
        (
            r#"{"tools": {"restrictToWorkspace": null}}"#,
            "config.json:1:35: tools.restrictToWorkspace must be true or false, found null",
        ),
        (
            r#"{"providers": {"openai": "sk-1"}}"#,
            "config.json:1:26: providers.openai must be an object, found text",
        ),
    ] {
        let error = error(text);
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ConfigErrorKind::Invalid, "{expected}");
    }
}

#[test]
fn mistyped_choice_gets_a_guess() {
    let error = error(r#"{"agents": {"defaults": {"providerRetryMode": "persistant"}}}"#);
    assert_eq!(error.hint().unwrap(), "did you mean \"persistent\"?");
}

#[test]
fn of_a_repeated_key_the_last_one_counts_and_is_pointed_at() {
    let text = "{\"gateway\": {\"port\": 1,\n\"port\": -1}}";
    assert_eq!(error(text).position().unwrap().line, 2);
}

#[test]
fn unknown_keys_are_warnings_with_line_and_guess() {
    let config = config(
        "{\n  \"$schema\": \"x\",\n  \"agnets\": {},\n  \"agents\": {\n    \"defaults\": {\n      \"max_token\": 1,\n      \"zzz\": 2\n    }\n  },\n  \"providers\": {\n    \"opnrouter\": {}\n  }\n}",
    );
    let found: Vec<_> =
        config.warnings.iter().map(|warning| (warning.to_string(), warning.hint.clone())).collect();
    let hint = |name: &str| Some(format!("did you mean {name:?}?"));
    assert_eq!(
        found,
        [
            ("line 3: agnets is not a known key".to_owned(), hint("agents")),
            ("line 6: agents.defaults.max_token is not a known key".to_owned(), hint("maxTokens")),
            ("line 7: agents.defaults.zzz is not a known key".to_owned(), None),
            ("line 11: providers.opnrouter is not a known key".to_owned(), hint("openrouter")),
        ]
    );
    assert!(config.providers.get("opnrouter").is_some(), "kept all the same");
}

#[test]
fn moved_and_obsolete_keys_are_read_and_reported() {
    let config = config(
        "{\"tools\": {\"exec\": {\"restrict_to_workspace\": true}},\n\"agents\": {\"defaults\": {\"memoryWindow\": 50}},\n\"channels\": {\"showReasoning\": true}}",
    );
    assert!(config.tools.restrict_to_workspace);
    assert_eq!(
        warnings(&config),
        [
            "line 1: tools.exec.restrict_to_workspace is read as tools.restrictToWorkspace",
            "line 2: agents.defaults.memoryWindow has no effect any more",
            "line 3: channels.showReasoning is a setting of later versions and has no effect here",
        ]
    );
}

#[test]
fn moved_key_does_not_override_the_one_in_the_new_place() {
    let text =
        r#"{"tools": {"restrict_to_workspace": false, "exec": {"restrictToWorkspace": true}}}"#;
    assert!(!config(text).tools.restrict_to_workspace);
}

#[test]
fn numbers_and_truth_values_may_be_written_as_texts() {
    let config = resolve(
        r#"{"gateway": {"port": "${PORT}", "heartbeat": {"enabled": "off", "intervalS": 60.0}}}"#,
        &[("PORT", "81")],
    )
    .unwrap();
    assert_eq!(config.gateway.port, 81);
    assert!(!config.gateway.heartbeat.enabled);
    assert_eq!(config.gateway.heartbeat.interval_s, 60);
}

#[test]
fn every_truncation_of_a_file_is_an_error_or_an_object() {
    let text = include_str!("original.json");
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        if parse(&text[..end]).is_ok() {
            assert_eq!(text[..end].trim(), text.trim());
        }
    }
}

#[test]
fn only_the_first_of_very_many_warnings_are_located() {
    let keys: Vec<String> = (0..1000).map(|n| format!("\"unknown{n}\": 0")).collect();
    let config = config(&format!("{{{}}}", keys.join(",\n")));
    assert_eq!(config.warnings.len(), 1000);
    assert_eq!(config.warnings[199].line, Some(200));
    assert_eq!(config.warnings[200].line, None);
}

#[test]
fn escaped_characters_outside_the_basic_plane_are_understood() {
    let config = config(r#"{"agents": {"defaults": {"model": "\ud83d\udc08"}}}"#);
    assert_eq!(config.agents.defaults.model.as_deref(), Some("🐈"));
    assert_eq!(error(r#"{"a": "\ud83d"}"#).kind(), ConfigErrorKind::Syntax);
}

#[test]
fn sandboxes_of_plugins_are_checked_to_their_last_path() {
    let sandbox = |text: &str| format!(r#"{{"plugins": {{"sandbox": {{"bot": {text}}}}}}}"#);
    for (text, expected) in [
        (
            r#"{"read": ["/srv", "music"]}"#,
            "plugins.sandbox.bot.read[1] must be an absolute path, or begin with ~/",
        ),
        (
            r#"{"write": ["~/"]}"#,
            "plugins.sandbox.bot.write[0] must be an absolute path, or begin with ~/",
        ),
        (r#"{"write": "/srv"}"#, "plugins.sandbox.bot.write must be a list, found text"),
        (
            r#"{"maxMemoryMb": 8}"#,
            "plugins.sandbox.bot.maxMemoryMb must be a whole number from 16 to 4294967295, found 8",
        ),
        (
            r#"{"max_open_files": 1}"#,
            "plugins.sandbox.bot.maxOpenFiles must be a whole number from 64 to 4294967295, found 1",
        ),
        ("false", "plugins.sandbox.bot must be an object, found false"),
    ] {
        assert_eq!(error(&sandbox(text)).message(), expected, "{text}");
    }
    let config =
        config(&sandbox(r#"{"enabled": "no", "read": ["~/a", "/b"], "max_memory_mb": 64}"#));
    let expected = nanobot_config::PluginSandbox {
        enabled: false,
        read: vec!["~/a".to_owned(), "/b".to_owned()],
        max_memory_mb: 64,
        ..nanobot_config::PluginSandbox::default()
    };
    assert_eq!(config.plugins.sandbox["bot"], expected);
}
