use serde_json::json;

use crate::home::{BROKEN_PLUGIN, GOOD_PLUGIN, Home};

#[test]
fn fresh_start_creates_the_config_and_the_workspace() {
    let home = Home::new();
    home.install("parrot", GOOD_PLUGIN);
    let said = home.run(&["onboard"]).succeeded();
    let path = home.config_file();
    assert!(said.starts_with(&format!("✓ Created config at {}\n", path.display())), "{said}");
    assert!(said.contains("  Added channels.parrot\n"), "{said}");
    assert!(said.contains("  Created SOUL.md\n"), "{said}");
    assert!(said.contains("🐈 nanobot is ready!"), "{said}");
    let expected = json!({"enabled": false, "callbackUrl": null, "allowFrom": []});
    assert_eq!(home.config()["channels"]["parrot"], expected);
    // The chat page is not switched off by describing it.
    assert_eq!(home.config()["channels"]["web"]["enabled"], json!(null));
    for name in ["AGENTS.md", "SOUL.md", "TOOLS.md", "USER.md"] {
        assert!(home.workspace().join(name).is_file(), "{name}");
    }
}

#[test]
fn refresh_adds_only_what_is_missing_in_either_spelling() {
    let text = "{\n  // mine\n  \"channels\": {\"parrot\": {\"allow_from\": [\"ada\"], \"x\": 1}},\n  \"own\": 1\n}\n";
    let home = Home::with_config_text(text);
    home.install("parrot", GOOD_PLUGIN);
    let said = home.run(&["onboard"]).succeeded();
    assert!(said.contains("(existing values preserved)"), "{said}");
    assert!(said.contains("  Added channels.parrot.callbackUrl\n"), "{said}");
    let text = home.config_text();
    assert!(text.contains("// mine") && text.contains("\"own\": 1"), "{text}");
    let (parrot, _) = text.split_once("\"discord\"").unwrap();
    assert!(parrot.contains("\"allow_from\"") && !parrot.contains("\"allowFrom\""), "{text}");

    let again = home.run(&["onboard", "--yes"]).succeeded();
    assert!(!again.contains("Added"), "{again}");
    assert_eq!(home.config_text(), text);
}

#[test]
fn files_of_an_existing_workspace_are_never_overwritten() {
    let home = Home::new();
    std::fs::create_dir_all(home.workspace()).unwrap();
    std::fs::write(home.workspace().join("SOUL.md"), "mine").unwrap();
    let said = home.run(&["onboard"]).succeeded();
    assert!(said.contains("Created USER.md") && !said.contains("Created SOUL.md"), "{said}");
    assert_eq!(std::fs::read_to_string(home.workspace().join("SOUL.md")).unwrap(), "mine");
}

#[test]
fn overwriting_keeps_the_previous_config_as_a_backup() {
    let text = json!({"agents": {"defaults": {"model": "mine"}}}).to_string();
    let home = Home::with_config_text(&text);
    let said = home.run(&["onboard", "--overwrite"]).succeeded();
    let backup = home.data_dir().join("config.json.bak");
    assert!(said.contains("✓ Config reset to defaults at "), "{said}");
    assert!(said.contains(&format!("is kept at {}\n", backup.display())), "{said}");
    assert_eq!(std::fs::read_to_string(backup).unwrap(), text);
    assert_eq!(home.config()["agents"]["defaults"]["model"], "");
}

#[test]
fn config_that_cannot_be_used_is_left_as_it_is() {
    for text in ["{\"gateway\": ", r#"{"channels": {"sendMaxRetries": 50}}"#] {
        for mode in ["--refresh", "--overwrite"] {
            let home = Home::with_config_text(text);
            let said = home.run(&["onboard", mode]).failed(1);
            assert!(said.contains("config.json:1:"), "{said}");
            assert_eq!(home.config_text(), text);
            assert!(!home.workspace().exists());
        }
    }
}

#[test]
fn plugin_that_does_not_answer_keeps_no_other_from_its_section() {
    let home = Home::new();
    home.install("broken", BROKEN_PLUGIN);
    home.install("parrot", GOOD_PLUGIN);
    let ran = home.run(&["onboard"]);
    assert!(ran.stderr.contains("no section for plugin broken was added"), "{ran:#?}");
    ran.succeeded();
    assert_eq!(home.config()["channels"]["parrot"]["enabled"], false);
    assert_eq!(home.config()["channels"]["broken"], json!(null));
}

#[test]
fn other_places_can_be_named() {
    let home = Home::new();
    let said = home.run(&["onboard", "-c", "two/config.json", "-w", "two/work"]).succeeded();
    assert!(said.contains("gateway --config "), "{said}");
    assert!(home.path().join("two/work/SOUL.md").is_file());
    assert!(!home.data_dir().exists());
    let text = std::fs::read_to_string(home.path().join("two/config.json")).unwrap();
    assert!(text.contains("two/work"), "{text}");
}
