//! A plugin that keeps the rules, through the channel trait.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::ErrorKind;
use nanobot_plugin_host::PluginCommand;
use serde_json::{Value, json};
use support::{Rig, TestInbox, TestStream, fixture, patient, spawn_run, within_test_time};
use tokio_util::sync::CancellationToken;

fn message(chat: &str, text: &str) -> Value {
    json!({"chat": {"id": chat}, "sender": {"id": "ada"}, "text": text})
}

#[tokio::test]
async fn each_fate_of_a_message_is_answered_by_its_name() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let mut known = message("c", "hi");
        known["event_id"] = "e1".into();
        let mut strange = message("c", "hi");
        strange["sender"]["id"] = "stranger".into();
        let outcomes = rig
            .offer(json!([
                known,
                known,
                strange,
                message("c", "busy"),
                message("c", "panic"),
                message("", "nowhere"),
                message("c", "after the panic"),
            ]))
            .await;
        let expected = [
            "accepted",
            "duplicate",
            "denied",
            "overloaded 1234",
            "internal null",
            "rejected null",
            "accepted",
        ];
        assert_eq!(outcomes, expected);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_arrives_whole() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let file = rig.media_dir().join("cat.png");
        std::fs::write(&file, "cat").unwrap();
        let offered = json!({
            "event_id": "e1", "chat": {"id": "c", "kind": "group"}, "thread_id": "t",
            "sender": {"id": "ada", "aliases": ["a"], "display_name": "Ada", "is_bot": true},
            "text": "look", "format": "markdown", "reply_to": "m0", "sent_at_ms": 5,
            "session_key": "k", "metadata": {"x": [1]},
            "attachments": [{"kind": "image", "path": file, "mime": "image/png", "name": "cat.png",
                "size_bytes": 3}, {"kind": "file", "url": "https://example.org/a"}],
        });
        assert_eq!(rig.offer(json!([offered])).await, ["accepted"]);
        let stored = serde_json::to_value(&rig.inbox.log().messages[0]).unwrap();
        let mut expected = offered;
        expected["chat_id"] = "c".into();
        expected["chat_kind"] = "group".into();
        expected["attachments"][0]["path"] = json!(file.canonicalize().unwrap());
        let fields = expected.as_object_mut().unwrap();
        fields.remove("chat");
        fields.remove("format");
        assert_eq!(stored, expected);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn messages_of_one_chat_keep_their_order_and_do_not_wait_for_other_chats() {
    within_test_time(async {
        let rig = Rig::start_with(fixture(), patient(), TestInbox::new(0));
        rig.until_ready().await;
        let mut threaded = message("a", "in a thread");
        threaded["thread_id"] = "t".into();
        let burst = json!([
            message("a", "a1"),
            message("a", "a2"),
            message("b", "b1"),
            threaded,
            message("a", "a3"),
        ]);
        let offered = rig.offer(burst);
        let released = async {
            rig.inbox.wait_for(|log| log.storing.len() == 3).await;
            let mut storing = rig.inbox.log().storing;
            storing.sort();
            assert_eq!(storing, ["a1", "b1", "in a thread"]);
            rig.inbox.gate.add_permits(10);
        };
        let (outcomes, ()) = tokio::join!(offered, released);
        assert_eq!(outcomes, ["accepted"; 5]);
        let mut texts: Vec<_> = rig.inbox.log().messages.into_iter().map(|m| m.text).collect();
        texts.retain(|text| text.starts_with('a'));
        assert_eq!(texts, ["a1", "a2", "a3"]);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_goes_beyond_the_plugins_limit_is_refused_while_the_rest_is_stored() {
    within_test_time(async {
        let command = fixture().with_env("FIXTURE_LIMIT", "2");
        let rig = Rig::start_with(command, patient(), TestInbox::new(0));
        rig.until_ready().await;
        let burst = json!([message("a", "1"), message("b", "2"), message("c", "3")]);
        let offered = rig.offer(burst);
        let released = async {
            rig.inbox.wait_for(|log| log.storing.len() == 2).await;
            // The host goes on reading meanwhile: another answer comes through.
            rig.tell("hi").await.unwrap();
            rig.inbox.gate.add_permits(2);
        };
        let (outcomes, ()) = tokio::join!(offered, released);
        assert_eq!(outcomes, ["accepted", "accepted", "overloaded 100"]);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_allow_list_can_be_asked() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let order = json!({"check": [{"sender": {"id": "ada"}}, {"sender": {"id": "stranger"}}]});
        let outcomes = rig.tell(&order.to_string()).await.unwrap();
        assert_eq!(outcomes, [r#"{"allowed":true}"#, r#"{"allowed":false}"#]);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn environment_is_cleared_and_the_working_folder_is_private() {
    within_test_time(async {
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "a variable to be hidden");
        let rig = Rig::ready(fixture().with_env("MOOD", "good"), patient()).await;
        let env = rig.tell("env").await.unwrap();
        let is_allowed = |variable: &String| {
            let name = variable.split('=').next().unwrap().to_ascii_uppercase();
            let allowed = [
                "PATH",
                "HOME",
                "LANG",
                "TZ",
                "TMPDIR",
                "SSL_CERT_FILE",
                "SSL_CERT_DIR",
                "HTTP_PROXY",
                "HTTPS_PROXY",
                "ALL_PROXY",
                "NO_PROXY",
                "MOOD",
                "NANOBOT_PLUGIN",
                "NANOBOT_PROTOCOL_VERSIONS",
            ];
            name.starts_with("LC_") || allowed.contains(&name.as_str())
        };
        assert_eq!(env.iter().find(|variable| !is_allowed(variable)), None);
        for expected in ["MOOD=good", "NANOBOT_PLUGIN=1", "NANOBOT_PROTOCOL_VERSIONS=1"] {
            assert!(env.iter().any(|variable| variable == expected), "{expected}");
        }
        let state = rig.state_dir();
        let cwd = rig.tell("cwd").await.unwrap();
        assert_eq!(Path::new(&cwd[0]), state.canonicalize().unwrap());
        assert_eq!(state.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(rig.tell("config").await.unwrap(), [r#"{"password":"sesame"}"#]);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn errors_of_a_delivery_keep_kind_time_and_hint() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let order =
            json!({"fail": {"kind": "rate_limited", "retry_after_ms": 1500, "hint": "wait"}});
        let error = rig.tell(&order.to_string()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
        assert_eq!((error.hint(), error.to_string().as_str()), (Some("wait"), "no"));
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_delivery_that_does_not_fit_into_a_line_is_rejected_and_the_link_goes_on() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let error = rig.tell(&"a".repeat(5 << 20)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
        rig.tell("hi").await.unwrap();
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stream_keeps_its_window_tells_errors_once_and_loses_no_text() {
    within_test_time(async {
        let command = fixture().with_env("FIXTURE_WINDOW", "2").with_env("FIXTURE_MANUAL_ACK", "1");
        let rig = Rig::ready(command, patient()).await;
        let mut stream = TestStream::new(&rig.channel, "s1");
        stream.grow("a").await.unwrap();
        let full = stream.grow("b");
        let acknowledged = async {
            let mut seen = Vec::new();
            while seen.len() < 3 {
                seen.append(&mut rig.tell("seen").await.unwrap());
            }
            assert_eq!(seen, ["start \"d2\"", "1 \"a\"", "2 \"b\""]);
            acknowledge(&rig, json!({"stream_id": "s1", "seq": 1})).await;
        };
        let (grown, ()) = tokio::join!(full, acknowledged);
        grown.unwrap();

        let data = json!({"kind": "rate_limited", "retry_after_ms": 700});
        let error = json!({"code": -32011, "message": "slow down", "data": data});
        acknowledge(&rig, json!({"stream_id": "s1", "seq": 2, "error": error})).await;
        let error = stream.grow("c").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_millis(700)));
        stream.grow("d").await.unwrap();
        assert_eq!(rig.tell("seen").await.unwrap(), ["3 \"cd\""]);
        assert_eq!(stream.end().await.unwrap().platform_ids, ["abcd"]);
        rig.stop().await.unwrap();
    })
    .await;
}

async fn acknowledge(rig: &Rig, ack: Value) {
    rig.tell(&json!({"stream/ack": ack}).to_string()).await.unwrap();
}

#[tokio::test]
async fn a_stream_of_one_step_is_its_end() {
    within_test_time(async {
        let rig = Rig::ready(fixture(), patient()).await;
        let stream = TestStream::new(&rig.channel, "s1");
        assert_eq!(stream.end().await.unwrap().platform_ids, [""]);
        assert_eq!(rig.tell("seen").await.unwrap(), ["start \"d2\""]);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_channel_runs_again_in_a_new_process_that_knows_no_old_stream() {
    within_test_time(async {
        let mut rig = Rig::ready(fixture(), patient()).await;
        let error = spawn_run(&rig.channel, &rig.inbox, rig.folder.path(), &rig.shutdown);
        let error = error.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the channel is running already");
        let first = rig.tell("pid").await.unwrap();
        let channel = Arc::clone(&rig.channel);
        let mut stream = TestStream::new(&channel, "s1");
        stream.grow("a").await.unwrap();
        rig.shutdown.cancel();
        rig.ended().await.unwrap();
        assert_eq!(rig.tell("hi").await.unwrap_err().kind(), ErrorKind::NotReady);

        rig.shutdown = CancellationToken::new();
        rig.running = spawn_run(&rig.channel, &rig.inbox, rig.folder.path(), &rig.shutdown);
        rig.until_ready().await;
        assert_ne!(rig.tell("pid").await.unwrap(), first);
        assert_eq!(stream.grow("b").await.unwrap_err().kind(), ErrorKind::NotReady);
        assert_eq!(stream.end().await.unwrap_err().kind(), ErrorKind::NotReady);
        assert_eq!(rig.tell("seen").await.unwrap(), Vec::<String>::new());
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_dropped_leaves_no_process_and_may_be_repeated() {
    within_test_time(async {
        let mut rig = Rig::ready(fixture().with_arg("ChildLeftBehindAtShutdown"), patient()).await;
        rig.running.abort();
        assert!((&mut rig.running).await.unwrap_err().is_cancelled());
        while !support::leftovers(rig.folder.path()).is_empty() {
            tokio::task::yield_now().await;
        }
        rig.running = spawn_run(&rig.channel, &rig.inbox, rig.folder.path(), &rig.shutdown);
        rig.until_ready().await;
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_slow_start() {
    within_test_time(async {
        for slow in ["SlowInitialize", "SlowStart"] {
            let rig = Rig::start(fixture().with_arg(slow), patient());
            rig.stop().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_program_that_is_missing_is_named() {
    within_test_time(async {
        let command = PluginCommand::executable("moon", "/nowhere/nanobot-channel-moon");
        let mut rig = Rig::start(command, patient());
        let error = rig.ended().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let report = error.report();
        assert!(report.starts_with("failed to start /nowhere/nanobot-channel-moon: "), "{report}");
    })
    .await;
}
