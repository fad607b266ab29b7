//! The tools that every agent has, called by a fake model over real HTTP.

#[path = "support/house.rs"]
mod house;
mod support;

use house::House;
use nanobot_agent::{Agent, Ending};
use nanobot_test_support::FakeReply;
use serde_json::{Value, json};
use support::{Ears, run, turn};

#[tokio::test]
async fn files_are_written_read_edited_and_listed() {
    let house = House::new().await;
    let text = "one\ntwo\nthree\n";
    let wrote = house.call("write_file", json!({"path": "notes/new/a.txt", "content": text})).await;
    assert_eq!(wrote, "Wrote 14 bytes to notes/new/a.txt.");
    let edit = json!({"path": "notes/new/a.txt", "old_text": "two", "new_text": "2"});
    assert_eq!(house.call("edit_file", edit).await, "Replaced 1 occurrence(s) in notes/new/a.txt.");
    assert_eq!(house.read("data/workspace/notes/new/a.txt"), "one\n2\nthree\n");
    let page = house.call("read_file", json!({"path": "notes/new/a.txt", "offset": "2"})).await;
    assert_eq!(page, "2| 2\n3| three\n(End of file, 3 lines.)");
    let list = house.call("list_dir", json!({"path": ".", "recursive": true})).await;
    assert_eq!(list, "notes/\nnotes/new/\nnotes/new/a.txt");
    let missing = house.call("read_file", json!({"path": "nothing"})).await;
    assert!(missing.starts_with("Error: cannot read nothing: No such file"), "{missing}");
    house.write("data/workspace/binary", "a\0b");
    let binary = house.call("read_file", json!({"path": "binary"})).await;
    assert_eq!(binary, "Error: binary is not a text file (3 bytes)");
    let skill = house.call("read_file", json!({"path": "skills:weather"})).await;
    assert!(skill.contains("# Weather"), "{skill}");
}

#[tokio::test]
async fn a_file_in_another_encoding_is_read_and_not_damaged() {
    let house = House::new().await;
    let bytes = b"gr\xfcner Tee\n";
    std::fs::write(house.path("data/workspace/tea.txt"), bytes).expect("the file is written");
    let read = house.call("read_file", json!({"path": "tea.txt"})).await;
    assert!(read.contains("gr\u{fffd}ner Tee"), "{read}");
    let arguments = json!({"path": "tea.txt", "old_text": "Tee", "new_text": "Kaffee"});
    let refused = house.call("edit_file", arguments).await;
    assert!(refused.contains("tea.txt is not UTF-8 text"), "{refused}");
    assert_eq!(
        std::fs::read(house.path("data/workspace/tea.txt")).expect("the file is there"),
        bytes
    );
}

#[tokio::test]
async fn files_and_text_in_them_are_found() {
    let house = House::new().await;
    house.write("data/workspace/.gitignore", "ignored.md\n");
    house.write("data/workspace/ignored.md", "tea");
    house.write("data/workspace/notes/a.md", "Tea at four\nmilk\nmore tea\n");
    house.write("data/workspace/notes/b.txt", "tea");
    assert_eq!(house.call("glob", json!({"pattern": "*.md"})).await, "notes/a.md");
    assert_eq!(house.call("glob", json!({"pattern": "*.rs"})).await, "No file matches.");
    let files = house.call("grep", json!({"pattern": "tea"})).await;
    assert_eq!(files, "notes/a.md\nnotes/b.txt");
    let lines = json!({
        "pattern": "^tea", "case_insensitive": true, "glob": "*.md", "output_mode": "content",
        "context_after": 1,
    });
    assert_eq!(house.call("grep", lines).await, "notes/a.md:1:Tea at four\nnotes/a.md-2-milk");
    let counts = json!({"pattern": "TEA", "case_insensitive": true, "output_mode": "count"});
    assert_eq!(house.call("grep", counts).await, "notes/a.md: 2\nnotes/b.txt: 1");
    let one = json!({"pattern": "more", "path": "notes/a.md", "output_mode": "content"});
    assert_eq!(house.call("grep", one).await, "notes/a.md:3:more tea");
    let bad = house.call("grep", json!({"pattern": "("})).await;
    assert!(bad.starts_with("Error: the pattern is not valid"), "{bad}");
}

#[tokio::test]
async fn the_data_of_nanobot_is_hidden_from_each_tool() {
    let house = House::new().await;
    house.write("data/workspace/mine.txt", "the-key-of-the-house is not here");
    let data = house.path("data");
    for (tool, arguments) in [
        ("read_file", json!({"path": "../config.json"})),
        ("write_file", json!({"path": "../config.json", "content": "x"})),
        ("edit_file", json!({"path": "../config.json", "old_text": "key", "new_text": "x"})),
        ("list_dir", json!({"path": data})),
        ("grep", json!({"pattern": "key", "path": data})),
        ("glob", json!({"pattern": "*.json", "path": data})),
        ("read_file", json!({"path": "/proc/self/environ"})),
        ("read_file", json!({"path": "/dev/stdin"})),
        ("grep", json!({"pattern": "CARGO", "path": "/proc/self/environ"})),
    ] {
        let result = house.call(tool, arguments).await;
        assert!(result.contains("outside of the folders"), "{tool}: {result}");
    }
    let above = house.path("");
    let found = house.call("grep", json!({"pattern": "the-key", "path": above})).await;
    assert_eq!(found, "mine.txt");
    let listed = house.call("list_dir", json!({"path": above, "recursive": true})).await;
    assert!(!listed.contains("config.json"), "{listed}");
    assert_eq!(house.read("data/config.json"), "the-key-of-the-house");
}

#[tokio::test]
async fn web_fetch_knocks_at_no_door_of_this_machine_however_it_is_spelt() {
    let house = House::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let port = listener.local_addr().expect("an address").port();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "a@127.0.0.1",
    ];
    for host in hosts {
        let url = json!({"url": format!("http://{host}:{port}/")});
        let result = house.call("web_fetch", url).await;
        assert!(result.contains("private network"), "{host}: {result}");
    }
    let nobody = listener.accept().expect_err("nobody has knocked");
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn tools_that_are_switched_off_are_not_offered() {
    let mut house = House::new().await;
    house.settings.tools.config.exec.enable = false;
    house.settings.tools.config.web.enable = false;
    run(&Agent::new(house.settings.clone()), turn("go")).await;
    let request = house.fake.last_request();
    let expected = ["read_file", "write_file", "edit_file", "list_dir", "glob", "grep"];
    assert_eq!(request.tool_names(), expected);
}

async fn send(house: &House, arguments: Value) -> (String, Ears, String) {
    house.fake.push(FakeReply::tool_call("message", &arguments));
    house.fake.push(FakeReply::blank());
    house.fake.set_default(FakeReply::blank());
    let ears = Ears::with_outbox();
    let outcome = Agent::new(house.settings.clone()).run_turn(turn("go"), &ears).await;
    let result = house.fake.requests()[1].tool_results()[0].to_owned();
    (result, ears, outcome.reply)
}

#[tokio::test]
async fn a_message_with_a_file_is_sent_to_this_chat_and_may_be_the_whole_answer() {
    let house = House::new().await;
    let cat = house.path("data/media/telegram/cat.png");
    let arguments = json!({"content": "A cat", "media": [cat]});
    let (result, ears, reply) = send(&house, arguments).await;
    assert!(result.starts_with("Sent to this chat."), "{result}");
    let sent = ears.sent();
    assert_eq!((sent.len(), sent[0].text.as_str(), sent[0].chat_id.as_str()), (1, "A cat", "1"));
    assert!(sent[0].is_to_origin && sent[0].media[0].ends_with("telegram/cat.png"));
    assert_eq!(reply, "", "nothing more is said");
}

#[tokio::test]
async fn words_after_a_message_that_was_the_answer_are_kept_but_not_said() {
    let house = House::new().await;
    house.fake.push(FakeReply::tool_call("message", &json!({"content": "42"})));
    house.fake.push(FakeReply::text("I have told them."));
    let ears = Ears::with_outbox();
    let outcome = Agent::new(house.settings.clone()).run_turn(turn("go"), &ears).await;
    assert_eq!((outcome.reply.as_str(), ears.pieces().len()), ("", 0));
    assert_eq!(outcome.history.last().expect("an entry").content, "I have told them.");
}

#[tokio::test]
async fn a_failure_after_a_message_is_said() {
    let house = House::new().await;
    house.fake.push(FakeReply::tool_call("message", &json!({"content": "42"})));
    house.fake.push(FakeReply::status(401, ""));
    let ears = Ears::with_outbox();
    let outcome = Agent::new(house.settings.clone()).run_turn(turn("go"), &ears).await;
    assert_eq!(outcome.ending, Ending::Failed);
    assert!(ears.text().contains("did not accept the API key"), "{}", ears.text());
}

#[tokio::test]
async fn a_message_to_another_chat_does_not_replace_the_answer() {
    let house = House::new().await;
    let arguments = json!({"content": "Hi", "channel": "email", "chat_id": "bob"});
    let (result, ears, reply) = send(&house, arguments).await;
    assert_eq!(result, "Sent to email:bob.");
    assert!(!ears.sent()[0].is_to_origin);
    assert!(reply.starts_with("The model ended its turn without a word"), "{reply}");
}

#[tokio::test]
async fn a_message_takes_no_file_from_elsewhere_and_tells_of_failures() {
    for (arguments, expected) in [
        (json!({"content": "x", "media": ["../config.json"]}), "outside of the folders"),
        (json!({"content": "x", "media": ["OUTSIDE"]}), "may not be sent"),
        (json!({"content": "x", "channel": "nowhere", "chat_id": "1"}), "there is no channel"),
        (json!({"content": "x", "channel": "email"}), "another channel needs a chat_id"),
    ] {
        let house = House::new().await;
        let outside = house.path("outside/secret.txt");
        let arguments = arguments.to_string().replace("OUTSIDE", &outside);
        let arguments = serde_json::from_str(&arguments).expect("JSON");
        let (result, ears, _) = send(&house, arguments).await;
        assert!(result.contains(expected), "{result}");
        assert!(ears.sent().is_empty());
    }
}
