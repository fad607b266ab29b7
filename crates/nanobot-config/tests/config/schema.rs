use serde_json::Value;

fn schema() -> Value {
    nanobot_config::schema().to_value()
}

/// Walks all objects that name keys, and calls `visit` with each key and its schema.
fn each_key(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    let named = schema["properties"].as_object().into_iter().flatten();
    for (name, inner) in named {
        let path = format!("{path}.{name}");
        visit(&path, inner);
        each_key(inner, &path, visit);
    }
    if schema["additionalProperties"].is_object() {
        each_key(&schema["additionalProperties"], &format!("{path}.*"), visit);
    }
}

#[test]
fn every_key_is_camel_case_and_described() {
    let mut paths = Vec::new();
    each_key(&schema(), "", &mut |path, inner| {
        paths.push(path.to_owned());
        assert!(!path.contains('_'), "{path}");
        assert!(inner["description"].is_string(), "{path}");
    });
    for path in [
        ".agents.defaults.dream.intervalH",
        ".channels.sendMaxRetries",
        ".channels.*.allowFrom",
        ".providers.azureOpenai.apiKey",
        ".providers.*.extraHeaders",
        ".tools.mcpServers.*.enabledTools",
    ] {
        assert!(paths.iter().any(|known| known == path), "{path}");
    }
}

#[test]
fn schema_states_limits_choices_and_defaults() {
    let schema = schema();
    let at = |pointer: &str| schema.pointer(&pointer.replace('.', "/properties/")).cloned();
    let retries = at(".channels.sendMaxRetries").unwrap();
    assert_eq!((&retries["minimum"], &retries["maximum"]), (&0.into(), &10.into()));
    assert_eq!(retries["default"], 3);
    assert_eq!(at(".gateway.token").unwrap()["writeOnly"], true);
    assert_eq!(schema["title"], "nanobot config");
}

#[test]
fn schema_refers_to_nothing_outside_itself() {
    assert!(!schema().to_string().contains("$ref"));
}
