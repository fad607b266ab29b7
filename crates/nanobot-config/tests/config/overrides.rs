use nanobot_config::{ConfigErrorKind, ExposeSecret, WarningKind};

use crate::support::{resolve, warnings};

#[test]
fn file_wins_over_environment_and_environment_over_default() {
    let variables = [
        ("NANOBOT_AGENTS__DEFAULTS__MODEL", "from-env"),
        ("nanobot_agents__defaults__max_tokens", "100"),
        ("NANOBOT_GATEWAY__PORT", "1"),
    ];
    let config = resolve(r#"{"gateway": {"port": 2}}"#, &variables).unwrap();
    assert_eq!(config.agents.defaults.model.as_deref(), Some("from-env"));
    assert_eq!(config.agents.defaults.max_tokens, 100);
    assert_eq!(config.gateway.port, 2);
}

#[test]
fn keys_left_blank_in_the_file_are_filled_by_the_environment() {
    let text = r#"{"agents": {"defaults": {"model": "", "contextBlockLimit": null}},
        "providers": {"openrouter": {"apiKey": " "}}}"#;
    let variables = [
        ("NANOBOT_AGENTS__DEFAULTS__MODEL", "m"),
        ("NANOBOT_AGENTS__DEFAULTS__CONTEXT_BLOCK_LIMIT", "7"),
        ("NANOBOT_PROVIDERS__OPENROUTER__API_KEY", "12345"),
    ];
    let config = resolve(text, &variables).unwrap();
    assert_eq!(config.agents.defaults.model.as_deref(), Some("m"));
    assert_eq!(config.agents.defaults.context_block_limit, Some(7));
    let key = config.providers.get("openrouter").unwrap().api_key.clone();
    assert_eq!(key.unwrap().expose_secret(), "12345", "text stays text");
}

#[test]
fn values_are_read_as_what_the_key_needs() {
    let variables = [
        ("NANOBOT_AGENTS__DEFAULTS__TEMPERATURE", "0.5"),
        ("NANOBOT_CHANNELS__SEND_PROGRESS", "0"),
        ("NANOBOT_TOOLS__SSRF_WHITELIST", r#"["10.0.0.0/8"]"#),
        ("NANOBOT_TOOLS__WEB", r#"{"enable": false, "search": {"max_results": 9}}"#),
        ("NANOBOT_TOOLS__WEB__SEARCH__MAX_RESULTS", "3"),
        ("NANOBOT_PROVIDERS__XIAOMI_MIMO__API_BASE", "1"),
    ];
    let config = resolve("{}", &variables).unwrap();
    assert_eq!(config.agents.defaults.temperature, 0.5);
    assert!(!config.channels.send_progress);
    assert_eq!(config.tools.ssrf_whitelist, ["10.0.0.0/8"]);
    assert!(!config.tools.web.enable);
    assert_eq!(config.tools.web.search.max_results, 3, "the precise variable wins");
    let provider = config.providers.get("xiaomiMimo").unwrap();
    assert_eq!(provider.api_base.as_deref(), Some("1"));
}

#[test]
fn object_from_the_environment_fills_the_gaps_of_the_file() {
    let variables = [("NANOBOT_GATEWAY", r#"{"port": 1, "heartbeat": {"interval_s": 5}}"#)];
    let text = r#"{"gateway": {"port": 2, "heartbeat": {"enabled": false}}}"#;
    let gateway = resolve(text, &variables).unwrap().gateway;
    assert_eq!(gateway.port, 2);
    assert_eq!(gateway.heartbeat.interval_s, 5);
    assert!(!gateway.heartbeat.enabled);
}

#[test]
fn channel_sections_are_filled_in_the_spelling_of_the_file() {
    let variables = [
        ("NANOBOT_CHANNELS__MY_BOT__BOT_TOKEN", "env"),
        ("NANOBOT_CHANNELS__MY_BOT__ALLOW_FROM", r#"["eve"]"#),
        ("NANOBOT_CHANNELS__MY_BOT__REPLY__BASE_URL", "u"),
        ("NANOBOT_CHANNELS__WEBHOOK__ENABLED", "true"),
    ];
    let text = r#"{"channels": {"my-bot": {"allow_from": ["ada"], "botToken": "file"}}}"#;
    let sections = resolve(text, &variables).unwrap().channels.sections;
    let bot = &sections["my-bot"];
    assert_eq!(bot.allow_from.as_deref(), Some(&["ada".to_owned()][..]));
    let expected = serde_json::json!({
        "allow_from": ["ada"], "botToken": "file", "reply": {"baseUrl": "u"}
    });
    assert_eq!(serde_json::Value::Object(bot.raw.clone()), expected);
    assert!(sections["webhook"].is_enabled());
}

#[test]
fn variables_of_other_programs_and_other_purposes_are_ignored() {
    let variables = [
        ("NANOBOT_LOG", "debug"),
        ("NANOBOT_MAX_CONCURRENT_REQUESTS", "3"),
        ("NANOBOT_OTHER__THING", "x"),
        ("NANOBOT_", "x"),
        ("nanobot", "x"),
        ("ÄÖÜÄÖÜ", "x"),
        ("AGENTS__DEFAULTS__MODEL", "x"),
    ];
    let config = resolve("{}", &variables).unwrap();
    assert_eq!(warnings(&config), Vec::<String>::new());
    assert_eq!(config.agents.defaults.model, None);
}

#[test]
fn misspelt_and_unusable_variables_are_reported() {
    let variables =
        [("NANOBOT_AGENTS__DEFAULTS__MODLE", "x"), ("NANOBOT_API", "https://example.org")];
    let config = resolve("{}", &variables).unwrap();
    assert_eq!(
        warnings(&config),
        [
            "environment variable NANOBOT_AGENTS__DEFAULTS__MODLE does not name a known key",
            "environment variable NANOBOT_API is ignored because it is not a JSON object",
        ]
    );
    assert_eq!(config.warnings[0].kind, WarningKind::UnknownKey);
}

#[test]
fn error_in_a_variable_names_the_variable_and_not_its_value() {
    let variables = [("NANOBOT_GATEWAY__PORT", "s3cret")];
    let error = resolve("{\"gateway\": {}}", &variables).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Invalid);
    assert_eq!(
        error.to_string(),
        "config.json: gateway.port, set by NANOBOT_GATEWAY__PORT, must be a whole number from 0 to 65535, found text"
    );
}

#[test]
fn error_in_the_file_is_not_blamed_on_a_variable_around_it() {
    let variables = [("NANOBOT_GATEWAY", r#"{"heartbeat": {"enabled": false}}"#)];
    let error = resolve("{\n\"gateway\": {\"port\": -1}}", &variables).unwrap_err();
    let expected =
        "config.json:2:21: gateway.port must be a whole number from 0 to 65535, found -1";
    assert_eq!(error.to_string(), expected);
}
