use crate::packages::environment_with;
use crate::world::World;

/// An environment with our distribution and packages that misbehave in all ways.
fn world() -> World {
    environment_with(&[
        ("raises", "raise RuntimeError('no such library')"),
        ("exits", "import sys\nsys.exit(7)"),
        ("number", "Channel = 5"),
        ("noisy", "print('hello')\nimport os\nos.write(1, b'raw')\nfrom good import Channel"),
        (
            "defaults",
            "from good import Channel as Good\nclass Channel(Good):\n    @classmethod\n    def default_config(cls):\n        raise ValueError('none')\n",
        ),
        ("good", crate::packages::source("Good").replace("class Parrot", "class Channel").as_str()),
    ])
}

#[test]
fn packages_that_misbehave_harm_no_list_and_no_onboarding() {
    let world = world();
    let ran = world.run(&["plugins", "list"]);
    for said in [
        "plugin raises does not say what it is: ",
        "RuntimeError: no such library",
        "plugin exits does not say what it is: ",
        "SystemExit",
        "plugin number does not say what it is: ",
        "number:Channel is not a channel",
    ] {
        assert!(ran.stderr.contains(said), "{said:?} is missing: {ran:#?}");
    }
    let table = ran.succeeded();
    let python = world.path("venv/bin/python3");
    for name in ["defaults", "exits", "good", "noisy", "number", "raises"] {
        let row = table.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        assert!(row.contains(" plugin ") && row.ends_with(python.to_str().unwrap()), "{row}");
    }

    world.run(&["onboard"]).succeeded();
    let config = std::fs::read_to_string(world.data("config.json")).unwrap();
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    for (name, has_section) in
        [("good", true), ("noisy", true), ("defaults", true), ("exits", false)]
    {
        assert_eq!(config["channels"].get(name).is_some(), has_section, "{name}: {config:#}");
    }
}
