use nanobot_config::{ConfigErrorKind, ExposeSecret, WarningKind};

use crate::support::{resolve, warnings};

#[test]
fn variables_are_resolved_in_texts_at_any_depth_and_not_in_keys() {
    let text = r#"{
      "providers": {"openai": {"apiKey": "${KEY}", "extraHeaders": {"X": "a ${KEY} ${HOME_PAGE}"}}},
      "channels": {"webhook": {"enabled": "${ON}", "${KEY}": ["${KEY}", {"deep": "${KEY}"}], "n": 1}}
    }"#;
    let variables = [("KEY", "k"), ("HOME_PAGE", "h"), ("ON", "true")];
    let config = resolve(text, &variables).unwrap();
    let provider = config.providers.get("openai").unwrap();
    assert_eq!(provider.api_key.as_ref().unwrap().expose_secret(), "k");
    assert_eq!(provider.extra_headers["X"].expose_secret(), "a k h");
    let webhook = &config.channels.sections["webhook"];
    assert!(webhook.is_enabled());
    let expected = serde_json::json!({
        "enabled": "true", "${KEY}": ["k", {"deep": "k"}], "n": 1
    });
    assert_eq!(serde_json::Value::Object(webhook.raw.clone()), expected);
}

#[test]
fn missing_variable_is_an_error_with_place_and_remedy() {
    let text = "{\n  \"providers\": {\n    \"openai\": {\"api_key\": \"sk-visible-${OPENAI_KEY}\"}\n  }\n}";
    let error = resolve(text, &[]).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Variable);
    assert_eq!(
        error.to_string(),
        "config.json:3:27: providers.openai.apiKey needs the environment variable OPENAI_KEY, which is not set"
    );
    assert_eq!(error.hint().unwrap(), "export OPENAI_KEY=…");
    assert!(!format!("{error:?}").contains("sk-visible"));
}

#[test]
fn missing_variable_in_a_disabled_channel_is_only_reported() {
    for section in [r#"{"token": "${TOKEN}"}"#, r#"{"enabled": false, "token": "${TOKEN}"}"#] {
        let text = format!("{{\"channels\": {{\n\"telegram\": {section}}}}}");
        let config = resolve(&text, &[]).unwrap();
        assert_eq!(
            warnings(&config),
            ["line 2: channels.telegram.token names TOKEN, which is not set"]
        );
        assert_eq!(config.warnings[0].kind, WarningKind::Variable);
        assert_eq!(config.channels.sections["telegram"].raw["token"], "${TOKEN}");
    }
}

#[test]
fn missing_variable_in_an_enabled_channel_is_an_error() {
    let text = r#"{"channels": {"telegram": {"enabled": true, "tokens": ["", "${TOKEN}"]}}}"#;
    let error = resolve(text, &[]).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Variable);
    assert!(error.message().starts_with("channels.telegram.tokens[1] needs"));
    let text = r#"{"channels": {"telegram": {"enabled": "${ON}"}}}"#;
    assert_eq!(resolve(text, &[]).unwrap_err().kind(), ConfigErrorKind::Variable);
}

#[test]
fn variable_in_an_unknown_key_is_nobodys_business() {
    assert!(resolve(r#"{"mystery": {"key": "${NOT_SET}"}}"#, &[]).is_ok());
}

#[test]
fn content_of_a_variable_is_never_quoted() {
    let text = r#"{"agents": {"defaults": {"providerRetryMode": "${MODE}"}}}"#;
    let error = resolve(text, &[("MODE", "s3cret")]).unwrap_err();
    assert!(error.message().ends_with("found \"${MODE}\""), "{error}");
    let text = r#"{"gateway": {"port": "${PORT}"}}"#;
    let error = resolve(text, &[("PORT", "990099")]).unwrap_err();
    assert!(error.message().ends_with("found a number"), "{error}");
}
