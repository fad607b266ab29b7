use std::io::Read;
use std::net::TcpListener;

use nanobot_test_support::Signal;

use crate::index::Index;
use crate::packages::{BACKEND, GUIDE_BACKEND, package, source};
use crate::world::{World, names_in, snapshot};

#[test]
fn a_package_gets_an_environment_of_its_own_and_goes_with_it() {
    let world = World::new();
    package(&world, "parrot", BACKEND, "\"nanobot\"");
    let install = ["plugins", "install", "./nanobot-channel-parrot"];
    let ran = world.run(&install);
    for step in ["Creating an environment with Python 3.", "Installing nanobot-channel-parrot and"]
    {
        assert!(ran.stderr.contains(step), "{ran:#?}");
    }
    let said = ran.succeeded();
    let slot = world.data("plugins/venvs/nanobot-channel-parrot");
    let python = slot.join("current/bin/python3");
    for line in [
        &format!("✓ Installed parrot: nanobot-channel-parrot 0.3.0 in {}", python.display()),
        "  It works, and calls itself Parrot.",
        "  Next: `nanobot onboard` adds its section to the config",
    ] {
        assert!(said.contains(line), "{line:?} is missing:\n{said}");
    }
    let list = world.run(&["plugins", "list"]).succeeded();
    let row = list.lines().find(|line| line.starts_with("parrot")).unwrap();
    assert!(row.contains(" plugin ") && row.ends_with(python.to_str().unwrap()), "{row}");

    let again = world.run(&install).failed();
    assert!(again.contains("nanobot-channel-parrot is installed already"), "{again}");
    assert!(again.contains("hint: install with `--force` to replace it"), "{again}");
    world.run(&[&install[..], &["--force"]].concat()).succeeded();
    assert_eq!(names_in(&slot), ["current", "env-1", "env-2", "previous"], "one version is kept");

    let unasked = world.run(&["plugins", "remove", "parrot"]).failed();
    assert!(unasked.contains("add `--yes`"), "{unasked}");
    let said = world.run(&["plugins", "remove", "parrot", "--yes"]).succeeded();
    assert!(said.contains("channels.parrot stays in the config"), "{said}");
    assert_eq!(names_in(&world.data("plugins/venvs")), [""; 0]);
    let unknown = world.run(&["plugins", "remove", "parrot", "--yes"]).failed();
    assert!(unknown.contains("no installed plugin is named parrot"), "{unknown}");
}

#[test]
fn requirements_on_nanobot_are_met_by_ours_and_no_index_is_asked() {
    let mut world = World::new();
    let index = Index::start();
    world.unset("PIP_NO_INDEX");
    world.set("PIP_INDEX_URL", format!("http://{}", index.address));
    let requires = "\"nanobot\", \"nanobot-ai>=0.2.0,<0.3.0\", \"loguru\"";
    let project = package(&world, "parrot", BACKEND, requires).join("pyproject.toml");
    let text = std::fs::read_to_string(&project).unwrap();
    let text = text.replace("[\"setuptools\"]", "[\"setuptools\", \"nanobot\"]");
    std::fs::write(&project, text).unwrap();
    world.run(&["plugins", "install", "./nanobot-channel-parrot"]).succeeded();
    let asked = index.asked();
    assert!(asked.iter().any(|page| page.contains("loguru")), "the index is in use: {asked:?}");
    assert!(!asked.iter().any(|page| page.contains("nanobot")), "{asked:?}");

    let refused = world.run(&["plugins", "install", "nanobot"]).failed();
    assert!(refused.contains("nanobot is nanobot itself, not a plugin"), "{refused}");
    package(&world, "newer", BACKEND, "\"nanobot>=99\"");
    world.run(&["plugins", "install", "./nanobot-channel-newer"]).failed();
    assert!(!index.asked().iter().any(|page| page.contains("nanobot")), "{:?}", index.asked());
}

#[test]
fn the_backend_that_does_not_exist_is_told_and_replaced() {
    let world = World::new();
    let folder = package(&world, "parrot", GUIDE_BACKEND, "\"nanobot\"");
    let before = snapshot(&folder);
    let ran = world.run(&["plugins", "install", "./nanobot-channel-parrot"]);
    assert!(ran.stderr.contains("which setuptools does not have"), "{ran:#?}");
    assert!(ran.stderr.contains("hint: it is installed as if it named"), "{ran:#?}");
    assert!(ran.succeeded().contains("It works, and calls itself Parrot."));
    assert_eq!(snapshot(&folder), before);
}

#[test]
fn an_editable_package_is_used_as_it_is_at_any_time() {
    for backend in [GUIDE_BACKEND, BACKEND] {
        let world = World::new();
        package(&world, "parrot", backend, "\"nanobot\"");
        let args = ["plugins", "install", "-e", "./nanobot-channel-parrot", "-v"];
        let said = world.run(&args).succeeded();
        assert!(said.contains("It works, and calls itself Parrot."), "{said}");
        let file = "nanobot-channel-parrot/nanobot_channel_parrot/__init__.py";
        world.file(file, &source("Grey Parrot"));
        let list = world.run(&["plugins", "list"]).succeeded();
        assert!(list.contains("Grey Parrot"), "{list}");
    }
}

#[test]
fn a_failed_installation_says_why_and_leaves_nothing() {
    let world = World::new();
    package(&world, "parrot", BACKEND, "\"nanobot\", \"no-such-package-anywhere\"");
    let left = world.data("plugins/venvs/killed/env-1/lib");
    std::fs::create_dir_all(&left).unwrap();
    let said = world.run(&["plugins", "install", "./nanobot-channel-parrot"]).failed();
    assert!(said.contains("no-such-package-anywhere"), "the end of pip's output:\n{said}");
    assert!(said.contains("Error: installing nanobot-channel-parrot failed"), "{said}");
    assert!(said.contains("hint: check the name"), "{said}");
    let said = world.run(&["plugins", "install", "loguru"]).failed();
    assert!(said.contains("loguru provides no channel"), "{said}");
    assert_eq!(names_in(&world.data("plugins/venvs")), [""; 0]);
}

#[test]
fn an_interrupted_installation_leaves_nothing_and_ends_its_programs() {
    let world = World::new();
    let folder = package(&world, "parrot", BACKEND, "\"nanobot\"");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let setup =
        format!("import socket\nsocket.create_connection((\"127.0.0.1\", {port})).recv(1)\n");
    std::fs::write(folder.join("setup.py"), setup).unwrap();
    let install = ["plugins", "install", "./nanobot-channel-parrot"];
    let child = world.command(crate::world::BINARY, &install).spawn().unwrap();
    let (mut building, _) = listener.accept().unwrap();
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let ended = building.read(&mut [0]);
    assert!(matches!(ended, Ok(0) | Err(_)), "the build goes on");
    assert_eq!(names_in(&world.data("plugins/venvs")), [""; 0]);
}

#[test]
fn a_program_is_installed_beside_the_others() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    let program = world.file("nanobot-channel-shell", "#!/bin/sh\nexit 3\n");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let ran = world.run(&["plugins", "install", "./nanobot-channel-shell"]);
    assert!(ran.stderr.contains("Warning: it cannot be started"), "{ran:#?}");
    assert!(ran.succeeded().contains("✓ Installed shell: "));
    let again = world.run(&["plugins", "install", "./nanobot-channel-shell"]).failed();
    assert!(again.contains("shell is installed already"), "{again}");
    world.run(&["plugins", "remove", "shell", "-y"]).succeeded();
    assert_eq!(names_in(&world.data("plugins/bin")), [""; 0]);
}
