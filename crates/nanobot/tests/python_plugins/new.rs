use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::guide::start;
use crate::web::free_port;
use crate::world::World;

/// Far longer than an answer takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_new_plugin_in_python_passes_its_tests_keeps_all_rules_and_answers() {
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

    let port = free_port();
    let section = json!({"enabled": true, "port": port, "allowFrom": ["ada"]});
    world.file(".nanobot/config.json", &json!({"channels": {"door-bell": section}}).to_string());
    let gateway = start(world).await;
    gateway.wait_for_stderr("Listening on 127.0.0.1:").await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(b"ada\nHello!\n").await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let answer = timeout(LIMIT, lines.next_line()).await.expect("it answers").unwrap().unwrap();
    assert!(answer.contains("Hello!"), "{answer}");
}
