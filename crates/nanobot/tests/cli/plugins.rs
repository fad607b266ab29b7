use std::path::Path;

use serde_json::{Value, json};

use crate::home::{BROKEN_PLUGIN, GOOD_PLUGIN, Home, cells};

#[test]
fn list_begins_with_the_columns_name_source_enabled() {
    let home = Home::with_config(&json!({"channels": {"parrot": {"enabled": true}}}));
    let path = home.install("parrot", GOOD_PLUGIN);
    let table = home.run(&["plugins", "list"]).succeeded();
    let expected = [
        "Name Source Enabled Display name May use Path".to_owned(),
        "discord builtin no Discord".to_owned(),
        format!("parrot plugin yes Parrot own folders, network {}", path.display()),
        "telegram builtin no Telegram".to_owned(),
        "web builtin yes Web chat".to_owned(),
    ];
    assert_eq!(cells(&table), expected);
    assert!(table.starts_with("Name      Source   Enabled  "), "columns are aligned:\n{table}");
}

#[test]
fn broken_plugins_and_shadowed_ones_are_told_beside_the_list() {
    let home = Home::new();
    home.install("broken", BROKEN_PLUGIN);
    home.install("web", GOOD_PLUGIN);
    let ran = home.run(&["plugins", "list"]);
    assert!(ran.stderr.contains("plugin broken does not say what it is: "), "{ran:#?}");
    assert!(ran.stderr.contains("is not used: the built-in channel of that name"), "{ran:#?}");
    let lines = cells(&ran.succeeded());
    assert!(lines[1].starts_with("broken plugin no ? own folders, network /"), "{lines:?}");
    assert_eq!(lines.len(), 5, "{lines:?}");
}

#[test]
fn what_is_wrong_with_a_plugin_is_told_by_each_list_and_a_mended_one_is_asked_at_once() {
    let home = Home::new();
    home.install("broken", BROKEN_PLUGIN);
    let complaint = "plugin broken does not say what it is: ";
    for _ in 0..2 {
        let ran = home.run(&["plugins", "list"]);
        assert!(ran.stderr.contains(complaint), "{ran:#?}");
        assert!(ran.stderr.contains("`nanobot plugins describe broken` asks it again"), "{ran:#?}");
    }
    home.install("broken", GOOD_PLUGIN);
    let ran = home.run(&["plugins", "list"]);
    assert!(!ran.stderr.contains(complaint), "{ran:#?}");
}

#[test]
fn list_survives_an_invalid_config() {
    let home = Home::with_config_text("{");
    let ran = home.run(&["plugins", "list"]);
    assert!(ran.stderr.contains("cannot tell which channels are enabled"), "{ran:#?}");
    assert_eq!(cells(&ran.succeeded())[3], "web builtin ? Web chat");
}

#[test]
fn list_is_to_be_had_as_json() {
    let home = Home::new();
    let path = home.install("parrot", GOOD_PLUGIN);
    let list: Value =
        serde_json::from_str(&home.run(&["plugins", "list", "--json"]).succeeded()).unwrap();
    let mut parrot = list[1].clone();
    let rights = parrot["rights"].take();
    let expected = json!({
        "name": "parrot", "source": "plugin", "isolated": true, "enabled": false, "display_name": "Parrot",
        "version": "1.2.3", "path": path, "error": null, "hint": null, "rights": null
    });
    assert_eq!(parrot, expected);
    assert_eq!(list[0]["rights"], Value::Null, "it runs in the gateway: {list}");
    let has = |key: &str, path: &Path| {
        rights[key].as_array().unwrap().iter().any(|it| it.as_str() == path.to_str())
    };
    assert_eq!(rights["confinement"], "confined");
    assert_eq!(rights["network"], true);
    assert_eq!((&rights["max_memory_mb"], &rights["max_open_files"]), (&json!(2048), &json!(4096)));
    assert!(has("read", Path::new("/usr")) && has("read", path.parent().unwrap()), "{rights}");
    assert!(has("write", &home.data_dir().join("channels/parrot")), "{rights}");
    assert!(has("write", &home.data_dir().join("media/parrot")), "{rights}");
}

#[test]
fn plugin_is_described_by_name_or_path() {
    let home = Home::new();
    let path = home.install("parrot", GOOD_PLUGIN);
    for plugin in ["parrot", path.to_str().unwrap()] {
        let said = home.run(&["plugins", "describe", plugin]).succeeded();
        for fact in
            ["Display name  Parrot", "Version       1.2.3", "Capabilities  login", "callbackUrl"]
        {
            assert!(said.contains(fact), "{said}");
        }
        let said = home.run(&["plugins", "describe", plugin, "--json"]).succeeded();
        let description: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(description["default_config"]["allowFrom"], json!([]));
    }
    let said = home.run(&["plugins", "describe", "web"]).succeeded();
    assert!(said.contains("Source        builtin"), "{said}");
}

#[test]
fn plugin_that_cannot_be_described_says_why() {
    let home = Home::new();
    home.install("broken", BROKEN_PLUGIN);
    let said = home.run(&["plugins", "describe", "broken"]).failed(1);
    assert!(said.contains("cannot describe the plugin"), "{said}");
    assert!(said.contains("no such library"), "{said}");
    let said = home.run(&["plugins", "describe", "brokn"]).failed(1);
    assert!(
        said.contains("Unknown channel: brokn  Available: broken, discord, telegram, web"),
        "{said}"
    );
    assert!(said.contains("hint: did you mean `broken`?"), "{said}");
}

#[test]
fn built_in_channel_that_is_isolated_is_listed_as_such() {
    let isolate = json!({"plugins": {"isolate": ["telegram", "web", "parrot"]}});
    let ran = Home::with_config(&isolate).run(&["plugins", "list"]);
    assert!(ran.stderr.contains("names web, which cannot run in a process of its own"), "{ran:#?}");
    assert!(ran.stderr.contains("names parrot, which is no built-in channel"), "{ran:#?}");
    let lines = cells(&ran.succeeded());
    let expected = [
        "discord builtin no Discord",
        "telegram builtin (isolated) no Telegram own folders, network",
        "web builtin yes Web chat",
    ];
    assert_eq!(lines[1..], expected);
}

#[test]
fn channel_process_that_a_person_starts_says_what_it_is() {
    let home = Home::new();
    let said = home.run(&["channel-process", "telegram"]).failed(64);
    assert!(said.contains("This program is a channel plugin"), "{said}");
    let said = home.run(&["channel-process", "web"]).failed(1);
    assert!(
        said.contains("web cannot run as a process: it lives on the gateway's own port"),
        "{said}"
    );
    let said = home.run(&["channel-process", "telegrm"]).failed(1);
    assert!(said.contains("there is no built-in channel telegrm"), "{said}");
    assert!(said.contains("hint: those that can run as processes: "), "{said}");
}

#[test]
fn what_the_config_opens_to_a_plugin_is_listed_and_what_has_no_effect_is_told() {
    let sandbox = |sandbox: Value| json!({"plugins": {"sandbox": sandbox}});
    let home = Home::with_config(&sandbox(json!({
        "parrot": {"read": ["/usr/share", "~/moon"], "maxOpenFiles": 100},
        "discord": {"enabled": false},
    })));
    home.install("parrot", GOOD_PLUGIN);
    let ran = home.run(&["plugins", "list"]);
    assert!(ran.stderr.contains("sandbox.parrot names ~/moon, which does not exist"), "{ran:#?}");
    assert!(ran.stderr.contains("plugins.sandbox.discord has no effect"), "{ran:#?}");
    assert_eq!(ran.stderr.lines().count(), 2, "{ran:#?}");
    let list = cells(&ran.succeeded());
    assert!(list[2].contains("own folders, /usr/share, "), "{list:?}");

    let home = Home::with_config(&sandbox(json!({"parrot": {"enabled": false}})));
    home.install("parrot", GOOD_PLUGIN);
    let list = cells(&home.run(&["plugins", "list"]).succeeded());
    assert!(list[2].starts_with("parrot plugin no Parrot not confined /"), "{list:?}");
}

#[test]
fn sandbox_that_is_not_clear_is_an_error_with_its_place() {
    let home =
        Home::with_config(&json!({"plugins": {"sandbox": {"parrot": {"write": ["music"]}}}}));
    let said = home.run(&["config", "validate"]).failed(1);
    let expected = "plugins.sandbox.parrot.write[0] must be an absolute path, or begin with ~/";
    assert!(said.contains(expected), "{said}");
}
