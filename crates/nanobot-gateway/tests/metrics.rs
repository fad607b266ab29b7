//! The exposition of `/metrics`, read as a monitoring system reads it.

mod common;

use std::collections::BTreeMap;

use common::{Stage, get, played};
use nanobot_channel::{ChannelError, InboundMessage};

/// One family of the exposition.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    has_help: bool,
    /// Values by the name with its labels, as written.
    samples: BTreeMap<String, f64>,
}

/// Reads the OpenMetrics text format; panics where it breaks a rule of it.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let body = text.strip_suffix("# EOF\n").expect("the exposition ends with # EOF");
    let mut families = BTreeMap::<String, Family>::new();
    let mut current = String::new();
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let (word, rest) = rest.split_once(' ').expect("a word");
            let (name, rest) = rest.split_once(' ').expect("a name");
            if name != current {
                assert!(!families.contains_key(name), "{name} is declared twice");
                name.clone_into(&mut current);
            }
            let family = families.entry(name.to_owned()).or_default();
            match word {
                "HELP" => family.has_help = !rest.is_empty(),
                "TYPE" => rest.clone_into(&mut family.kind),
                "UNIT" => assert!(name.ends_with(&format!("_{rest}")), "{line}"),
                other => panic!("{other} is no word of the format"),
            }
        } else {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            let value = value.parse().unwrap_or_else(|_| panic!("{line}: no number"));
            let family = families.get_mut(&current).expect("a family is declared first");
            let bare = name.split('{').next().expect("a name");
            let suffix = bare.strip_prefix(current.as_str()).expect("a sample of its family");
            let expected: &[&str] = match family.kind.as_str() {
                "counter" => &["_total"],
                "gauge" => &[""],
                "histogram" => &["_bucket", "_sum", "_count"],
                other => panic!("{other} is no kind of ours"),
            };
            assert!(expected.contains(&suffix), "{line}");
            assert_eq!(name.contains('{'), name.ends_with('}'), "{line}");
            assert!(family.samples.insert(name.to_owned(), value).is_none(), "{line} twice");
        }
    }
    families
}

#[tokio::test]
async fn exposition_is_well_formed_and_tells_all_that_operators_ask_for() {
    let (mut spec, mut played) = played("hook", false);
    // The word that a message has to wait would be counted, too.
    spec.send_progress = false;
    let mut stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    channel.cx.handle_message(InboundMessage::new("mallory", "c1", "hi")).await.unwrap();
    let families = parse(&get(stage.gateway.address(), "/metrics").await.1);
    let connected = &families["nanobot_channel_connected"].samples;
    assert_eq!(connected["nanobot_channel_connected{channel=\"hook\"}"], 1.0, "it received");

    for (text, answer) in [("one", true), ("two", false)] {
        channel.receive("c1", text).await.unwrap();
        stage.answer("fine").await;
        let call = played.call().await;
        match answer {
            true => drop(call.succeed()),
            false => call.answer(Err(ChannelError::rejected("too rude"))),
        }
    }
    // One delivery is under way, one waits behind it, and one turn runs.
    for text in ["three", "four"] {
        channel.receive("c1", text).await.unwrap();
        stage.answer("fine").await;
    }
    let under_way = played.call().await;
    channel.receive("c1", "five").await.unwrap();
    let _question = stage.question().await;

    let families = parse(&get(stage.gateway.address(), "/metrics").await.1);
    for (name, family) in &families {
        assert!(family.has_help, "{name} has no help");
    }
    for (family, sample, expected) in [
        ("messages", "_total{channel=\"hook\",outcome=\"accepted\"}", 5.0),
        ("messages", "_total{channel=\"hook\",outcome=\"denied\"}", 1.0),
        ("messages_unanswered", "", 1.0),
        ("accept_seconds", "_count", 5.0),
        ("turns", "_total{kind=\"complete\"}", 4.0),
        ("turns_running", "", 1.0),
        ("turn_seconds", "_count{channel=\"hook\",model=\"played\"}", 4.0),
        ("tokens", "_total{channel=\"hook\",model=\"played\",kind=\"input\"}", 40.0),
        ("tokens", "_total{channel=\"hook\",model=\"played\",kind=\"output\"}", 8.0),
        ("deliveries", "_total{channel=\"hook\",outcome=\"delivered\"}", 1.0),
        ("deliveries", "_total{channel=\"hook\",outcome=\"dead\"}", 1.0),
        ("delivery_seconds", "_count", 2.0),
        ("deliveries_waiting", "{channel=\"hook\"}", 2.0),
        ("lane_items", "{channel=\"hook\"}", 2.0),
        ("lanes_open", "", 1.0),
    ] {
        let name = format!("nanobot_{family}");
        let samples = &families[&name].samples;
        let sample = format!("{name}{sample}");
        assert_eq!(samples.get(&sample), Some(&expected), "{sample} in {samples:#?}");
    }
    assert!(families["nanobot_uptime_seconds"].samples["nanobot_uptime_seconds"] > 0.0);

    assert!(stage.gateway.restart_channel("hook"));
    // What is under way ends before the channel does.
    under_way.succeed();
    let _channel = played.started().await;
    let families = parse(&get(stage.gateway.address(), "/metrics").await.1);
    let restarts = &families["nanobot_channel_restarts"].samples;
    assert_eq!(restarts["nanobot_channel_restarts_total{channel=\"hook\"}"], 1.0);
    let connected = &families["nanobot_channel_connected"].samples;
    assert_eq!(connected["nanobot_channel_connected{channel=\"hook\"}"], 0.0);
}
