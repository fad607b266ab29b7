use serde_json::{Value, json};

use crate::home::Home;

#[test]
fn valid_config_is_told_with_its_warnings() {
    let home = Home::with_config(&json!({"agents": {"defaults": {"modle": "x"}}}));
    let ran = home.run(&["config", "validate"]);
    assert!(ran.stderr.contains("agents.defaults.modle"), "{ran:#?}");
    let said = ran.succeeded();
    assert!(said.contains("is valid, with 1 warning"), "{said}");
}

#[test]
fn invalid_config_is_refused_with_the_place() {
    let home = Home::with_config_text("{\n  \"gateway\": {\"port\": \"high\"}\n}");
    let said = home.run(&["config", "validate"]).failed(1);
    assert!(said.contains("config.json:2:23: gateway.port"), "{said}");
}

#[test]
fn missing_config_is_fine_unless_it_was_named() {
    let home = Home::new();
    let said = home.run(&["config", "validate"]).succeeded();
    assert!(said.contains("does not exist; the defaults apply"), "{said}");
    let said = home.run(&["config", "validate", "-c", "other.json"]).failed(1);
    assert!(said.contains("Error: Config file not found: "), "{said}");
    assert!(said.contains("hint: run `nanobot onboard --config "), "{said}");
}

#[test]
fn schema_is_json_and_path_is_absolute() {
    let home = Home::new();
    let schema: Value = serde_json::from_str(&home.run(&["config", "schema"]).succeeded()).unwrap();
    assert!(schema["properties"]["channels"].is_object());
    let path = home.run(&["config", "path"]).succeeded();
    assert_eq!(path, format!("{}\n", home.config_file().display()));
    let path = home.run(&["config", "path", "-c", "~/second/config.json"]).succeeded();
    assert_eq!(path, format!("{}/second/config.json\n", home.path().display()));
}
