use nanobot_test_support::TestGateway;
use serde_json::{Value, json};

use crate::books::{self, ANSWERED, DEAD, HELD, SESSION, UNANSWERED};
use crate::home::{BINARY, GOOD_PLUGIN, Home, cells};

async fn filled() -> Home {
    let home = Home::new();
    books::fill(&home).await;
    home
}

fn ids(json: &str, name: &str) -> Vec<String> {
    let records: Vec<Value> = serde_json::from_str(json).expect("it is JSON");
    records.iter().map(|record| record[name].as_str().expect("it is text").to_owned()).collect()
}

#[tokio::test]
async fn deliveries_are_listed_without_a_gateway() {
    let home = filled().await;
    let lines = cells(&home.run(&["deliveries"]).succeeded());
    assert_eq!(lines[0], "Delivery State Channel Chat Age Tries About");
    assert!(lines[1].starts_with("d-held held parrot den "), "{lines:?}");
    assert!(lines[1].ends_with("1 may have arrived; it may have arrived or not"), "{lines:?}");
    assert!(lines[2].starts_with("d-dead dead ") && lines[2].ends_with("no such chat"));
    let dead = home.run(&["deliveries", "list", "--state", "dead,waiting", "--json"]).succeeded();
    assert_eq!(ids(&dead, "delivery_id"), [DEAD]);
    let newest = home.run(&["deliveries", "--json", "--limit", "1"]).succeeded();
    assert_eq!(ids(&newest, "delivery_id"), [HELD]);
    let waiting = home.run(&["deliveries", "--inbound", "--json"]).succeeded();
    assert_eq!(ids(&waiting, "id"), [UNANSWERED]);
    let lines = cells(&home.run(&["deliveries", "--inbound"]).succeeded());
    assert!(lines[1].starts_with("m-waiting waiting parrot parrot:z "), "{lines:?}");
}

#[tokio::test]
async fn delivery_is_shown_with_its_text() {
    let home = filled().await;
    let said = home.run(&["deliveries", "show", HELD]).succeeded();
    assert!(said.contains("State     held, may have arrived\n"), "{said}");
    assert!(said.ends_with("\ntext of d-held\n"), "{said}");
    let said = home.run(&["deliveries", "show", DEAD, "--json"]).succeeded();
    let record: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&record["inbound_id"], &record["state"]), (&json!(ANSWERED), &json!("dead")));
}

#[tokio::test]
async fn deliveries_are_retried_and_dropped_without_a_gateway() {
    let home = filled().await;
    let said = home.run(&["deliveries", "retry", HELD]).succeeded();
    assert_eq!(said, "✓ d-held will be delivered when the gateway starts\n");
    let said = home.run(&["deliveries", "retry", "--all-dead"]).succeeded();
    assert_eq!(said, "✓ d-dead will be delivered when the gateway starts\n");
    let said = home.run(&["deliveries", "retry", HELD]).failed(1);
    assert!(said.contains("d-held is waiting; only a held or dead one is retried"), "{said}");
    let ran = home.run(&["deliveries", "retry", "--all-dead"]);
    assert_eq!((ran.stderr.as_str(), ran.status), ("No delivery is dead.\n", Some(0)));
    let said = home.run(&["deliveries", "drop", HELD]).succeeded();
    assert_eq!(said, "✓ d-held will not be delivered\n");
    let said = home.run(&["deliveries", "drop", HELD]).failed(1);
    assert!(said.contains("Error: the delivery d-held is dropped already"), "{said}");
}

#[tokio::test]
async fn what_is_unknown_is_an_error_that_says_where_to_look() {
    let home = filled().await;
    for (args, said) in [
        (&["deliveries", "show", "x"][..], "no delivery has the id x"),
        (&["deliveries", "show", ANSWERED], "no delivery has the id m-answered"),
        (&["deliveries", "retry", "x"], "no delivery has the id x"),
        (&["deliveries", "drop", "../x"], "no delivery has the id ../x"),
        (&["trace", "x"], "no message or delivery has the id x"),
        (&["sessions", "show", "x"], "no session has the key x"),
        (&["sessions", "export", "x"], "no session has the key x"),
        (&["sessions", "delete", "x", "--yes"], "no session has the key x"),
    ] {
        let told = home.run(args).failed(1);
        assert!(told.starts_with(&format!("Error: {said}\nhint: `nanobot ")), "{told}");
    }
}

#[test]
fn questions_make_no_ledger() {
    let home = Home::new();
    let ran = home.run(&["deliveries"]);
    assert_eq!((ran.stdout.as_str(), ran.status), ("", Some(0)));
    assert_eq!(home.run(&["deliveries", "--json"]).succeeded(), "[]\n");
    assert!(home.run(&["deliveries", "show", "x"]).failed(1).contains("no delivery"));
    assert!(!home.data_dir().exists());
}

#[tokio::test]
async fn message_is_traced_from_its_arrival_on() {
    let home = filled().await;
    let said = cells(&home.run(&["trace", ANSWERED]).succeeded());
    let expected = format!("Message m-answered from parrot in session {SESSION}: answered");
    assert_eq!(said[0], expected);
    let steps: Vec<&str> = said.iter().filter_map(|line| line.split(" 20").next()).collect();
    assert_eq!(steps[1..5], ["received", "accepted", "turn 1 began", "answered"]);
    assert_eq!(steps[5], "Delivery d-dead to parrot in chat den: dead");
    assert_eq!(steps[6..], ["stored", "try 1 began", "dead", "last failure no such chat"]);
    let by_delivery = home.run(&["trace", DEAD, "--json"]).succeeded();
    assert_eq!(by_delivery, home.run(&["trace", ANSWERED, "--json"]).succeeded());
    let trace: Value = serde_json::from_str(&by_delivery).unwrap();
    assert_eq!(trace["inbound"]["state"], "done");
    let unasked = home.run(&["trace", HELD]).succeeded();
    assert!(unasked.starts_with("No message is known"), "{unasked}");
}

#[tokio::test]
async fn running_gateway_answers_the_same_questions_and_delivers_what_is_retried() {
    let home = Home::with_config(&json!({
        "channels": {"parrot": {"enabled": true, "allowFrom": ["ada"], "onUnknown": "hold"}}
    }));
    home.install("parrot", GOOD_PLUGIN);
    books::fill(&home).await;
    let gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    let run = async |args: &[&str]| {
        let output = gateway.command(BINARY, args).await;
        let text = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        (output.status.code(), text.concat())
    };
    let (_, held) = run(&["deliveries", "--state", "held", "--json"]).await;
    assert_eq!(ids(&held, "delivery_id"), [HELD]);
    for id in [HELD, DEAD] {
        let said = run(&["deliveries", "retry", id]).await;
        assert_eq!(said, (Some(0), format!("✓ {id} is being delivered\n")));
        let delivered = gateway.wait_for_stderr(&format!("text of {id}")).await;
        assert!(delivered.contains("delivered "), "{delivered}");
    }
    let is_done = |shown: &str| shown.contains("State     delivered\n");
    gateway.command_until(BINARY, &["deliveries", "show", HELD], is_done).await;
    let (status, said) = run(&["deliveries", "drop", HELD]).await;
    assert_eq!(status, Some(1));
    assert!(said.contains("Error: the delivery d-held is delivered already"), "{said}");
    let (status, said) = run(&["trace", "x"]).await;
    assert!(status == Some(1) && said.contains("no message or delivery has the id x"), "{said}");
    let (_, traced) = run(&["trace", ANSWERED]).await;
    assert!(traced.contains("in chat den: delivered"), "{traced}");
    let (_, exported) = run(&["sessions", "export", SESSION]).await;
    assert_eq!(exported.lines().count(), 3, "{exported}");
    let (_, said) = run(&["sessions", "delete", SESSION, "--yes"]).await;
    assert_eq!(said, format!("✓ Deleted {SESSION} with 2 entries\n"));
    assert_eq!(run(&["sessions", "show", SESSION]).await.0, Some(1));
}

#[tokio::test]
async fn port_tells_nothing_about_the_ledger() {
    let home = Home::new();
    books::fill(&home).await;
    let gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    for path in ["/v1/deliveries", "/v1/messages", "/v1/sessions", "/v1/trace/m-answered"] {
        let (status, body) = gateway.get(path).await;
        assert!(status == 404 && !body.contains("d-held"), "{path}: {status} {body}");
    }
}
