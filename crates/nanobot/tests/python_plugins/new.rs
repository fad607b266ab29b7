use crate::world::World;

#[test]
fn a_new_plugin_in_python_is_installed_keeps_all_rules_and_passes_its_tests() {
    let world = World::new();
    let new = ["plugins", "new", "door-bell", "--language", "python"];
    let said = world.run(&new).succeeded();
    assert!(said.contains("change nanobot_channel_door_bell/channel.py"), "{said}");
    let install = ["plugins", "install", "-e", "nanobot-channel-door-bell"];
    let said = world.run(&install).succeeded();
    assert!(said.contains("It works, and calls itself Door Bell."), "{said}");
    let section = ["--section", "{\"port\": 0}"];
    world.run(&[&["plugins", "test", "door-bell"][..], &section].concat()).succeeded();

    let said = world.run(&["doctor"]).succeeded();
    assert!(said.contains("packages are installed with Python 3."), "{said}");

    let readme =
        std::fs::read_to_string(world.path("nanobot-channel-door-bell/README.md")).unwrap();
    let python = "plugins/venvs/nanobot-channel-door-bell/current/bin/python3";
    assert!(readme.contains(&format!("~/.nanobot/{python} -m unittest discover tests")));
    let tests = ["-m", "unittest", "discover", "nanobot-channel-door-bell/tests"];
    let ran = world.run_program(world.data(python), &tests);
    assert!(ran.stderr.contains("Ran 3 tests"), "{ran:#?}");
    ran.succeeded();
}
