use nanobot_config::{ChatTarget, Notice};

use crate::support::{config, error};

fn target(channel: &str, chat_id: &str, thread_id: Option<&str>) -> ChatTarget {
    ChatTarget {
        channel: channel.to_owned(),
        chat_id: chat_id.to_owned(),
        thread_id: thread_id.map(str::to_owned),
    }
}

#[test]
fn owner_is_told_in_one_chat_or_several_in_either_form() {
    #[track_caller]
    fn check(typed: &str, expected: &[ChatTarget]) {
        let config = config(&format!("{{\"gateway\": {{\"owner_notify\": {typed}}}}}"));
        assert_eq!(config.gateway.owner_notify, expected, "{typed}");
        assert_eq!(config.warnings, []);
    }
    check(r#""telegram:42""#, &[target("telegram", "42", None)]);
    check(r#""matrix:!room:example.org""#, &[target("matrix", "!room:example.org", None)]);
    let object = r#"{"channel": "telegram", "chatId": 42, "threadId": 7}"#;
    check(object, &[target("telegram", "42", Some("7"))]);
    check(
        r#"["web:c1", {"channel": "slack", "chat_id": "C1"}]"#,
        &[target("web", "c1", None), target("slack", "C1", None)],
    );
    check("null", &[]);
    check("[]", &[]);
}

#[test]
fn target_that_names_no_chat_is_told_with_its_place() {
    for (text, expected) in [
        (r#"{"gateway": {"ownerNotify": "telegram"}}"#, "config.json:1:29: gateway.ownerNotify "),
        (r#"{"gateway": {"ownerNotify": [":1"]}}"#, "config.json:1:30: gateway.ownerNotify[0] "),
        (
            r#"{"gateway": {"ownerNotify": [{"channel": "web"}]}}"#,
            "config.json:1:30: gateway.ownerNotify[0] ",
        ),
        (
            r#"{"gateway": {"onStop": {"to": ["web:1", "web"]}}}"#,
            "config.json:1:41: gateway.onStop.to[1] ",
        ),
    ] {
        let error = error(text);
        assert_eq!(error.to_string(), format!("{expected}must name a channel and a chat"));
        assert!(error.hint().is_some_and(|hint| hint.contains("telegram:12345")));
    }
}

#[test]
fn start_and_stop_are_told_as_the_value_says() {
    #[track_caller]
    fn check(typed: &str, expected: Option<&Notice>) {
        let config = config(&format!("{{\"gateway\": {{\"onStart\": {typed}}}}}"));
        assert_eq!(config.gateway.on_start.as_ref(), expected, "{typed}");
        assert_eq!(config.gateway.on_stop, None);
    }
    let said = |text: &str, to: Vec<ChatTarget>| Notice { text: Some(text.to_owned()), to };
    check("false", None);
    check("null", None);
    check("true", Some(&Notice::default()));
    check(r#""Good morning!""#, Some(&said("Good morning!", Vec::new())));
    let hi = said("Hi", vec![target("web", "c1", None)]);
    check(r#"{"text": "Hi", "to": "web:c1"}"#, Some(&hi));
    let usual = Notice { text: None, to: vec![target("web", "c1", None)] };
    check(r#"{"to": ["web:c1"]}"#, Some(&usual));
}
