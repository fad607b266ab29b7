use crate::support::{config, warnings};

#[test]
fn every_key_may_be_written_in_snake_case() {
    let config = config(
        r#"{
          "agents": {"defaults": {"max_tokens": 1, "provider_retry_mode": "persistent", "dream": {"interval_h": 5}}},
          "providers": {"azure_openai": {"api_key": "k", "api_base": "b", "extra_headers": {"X_Y": "z"}}},
          "channels": {"send_progress": false, "send_tool_hints": true, "send_max_retries": 1},
          "gateway": {"heartbeat": {"interval_s": 9}},
          "tools": {"ssrf_whitelist": ["10.0.0.0/8"], "mcp_servers": {"my_server": {"tool_timeout": 3, "env": {"A_B": "c"}}}}
        }"#,
    );
    assert_eq!(warnings(&config), Vec::<String>::new());
    assert_eq!(config.agents.defaults.max_tokens, 1);
    assert_eq!(config.agents.defaults.dream.interval_h, 5);
    assert!(!config.channels.send_progress);
    assert_eq!(config.gateway.heartbeat.interval_s, 9);
    let provider = config.providers.get("azureOpenai").unwrap();
    assert_eq!(provider.api_base.as_deref(), Some("b"));
    assert!(provider.extra_headers.contains_key("X_Y"), "names of headers are not keys");
    let server = &config.tools.mcp_servers["my_server"];
    assert_eq!(server.tool_timeout, 3);
    assert!(server.env.contains_key("A_B"), "names of variables are not keys");
}

#[test]
fn camel_case_wins_when_both_spellings_are_given() {
    for text in [
        "{\"agents\": {\"defaults\": {\"maxTokens\": 1,\n\"max_tokens\": 2}}}",
        "{\"agents\": {\"defaults\": {\n\"max_tokens\": 2, \"maxTokens\": 1}}}",
    ] {
        let config = config(text);
        assert_eq!(config.agents.defaults.max_tokens, 1);
        assert_eq!(
            warnings(&config),
            [
                "line 2: agents.defaults.max_tokens is given in both spellings; the camelCase one counts"
            ]
        );
    }
}

#[test]
fn providers_are_found_under_any_spelling_of_their_name() {
    let config = config(r#"{"providers": {"openai_codex": {}, "My-Own": {}}}"#);
    for name in ["openaiCodex", "openai_codex", "openai-codex", "OpenAICodex", "my_own"] {
        assert!(config.providers.get(name).is_some(), "{name}");
    }
    assert!(config.providers.get("openai").is_none());
    let names: Vec<_> = config.providers.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["openaiCodex", "My-Own"]);
}
