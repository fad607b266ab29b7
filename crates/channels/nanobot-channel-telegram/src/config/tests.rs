use nanobot_channel::{ErrorKind, describe, parse_config};
use serde_json::{Value, json};

use super::*;

fn config() -> TelegramConfig {
    TelegramConfig { token: "123:abc-DEF_4".to_owned(), ..TelegramConfig::default() }
}

#[test]
fn default_section_is_disabled_and_parses_again() {
    let section = describe::<TelegramConfig>("1.0.0").default_config;
    let expected = json!({
        "enabled": false, "token": "", "mode": "polling", "proxy": null, "apiBase": null,
        "maxDownloadMb": 20, "replyToMessage": false, "reactEmoji": "👀", "doneEmoji": "",
        "groupPolicy": "mention", "editedMessages": "ignore",
        "streaming": true, "streamMode": "edit", "webhookUrl": "", "webhookListenHost": "127.0.0.1",
        "webhookListenPort": 8081, "webhookPath": "/telegram", "webhookSecretToken": "",
        "webhookMaxConnections": 4, "allowFrom": []
    });
    assert_eq!(Value::Object(section.clone()), expected);
    assert_eq!(parse_config::<TelegramConfig>(section).unwrap(), TelegramConfig::default());
}

#[test]
fn section_of_the_original_is_taken_as_it_is() {
    let section = json!({
        "enabled": true, "token": "123:abc", "allow_from": ["1|ann"], "reply_to_message": true,
        "react_emoji": "", "group_policy": "open", "connectionPoolSize": 32, "poolTimeout": 5.0
    });
    let Value::Object(section) = section else { panic!("an object") };
    let config = parse_config::<TelegramConfig>(section).unwrap();
    assert!(config.reply_to_message);
    assert_eq!(config.group_policy, GroupPolicy::Open);
    assert!(config.build().is_ok());
}

#[track_caller]
fn check_refused(config: TelegramConfig, problem: &str) {
    let error = config.build().err().expect("the config is refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains(problem), "{error}");
}

#[test]
fn config_that_cannot_work_is_refused_with_its_key() {
    check_refused(TelegramConfig::default(), "token is missing");
    check_refused(TelegramConfig { token: "1:a/../b".into(), ..config() }, "token is not");
    check_refused(TelegramConfig { api_base: Some("ftp://a".into()), ..config() }, "apiBase");
    check_refused(
        TelegramConfig { stream_edit_interval: Some(-1.0), ..config() },
        "streamEditInterval",
    );
    check_refused(TelegramConfig { max_download_mb: 0, ..config() }, "maxDownloadMb");
    let webhook = TelegramConfig {
        mode: UpdateMode::Webhook,
        webhook_url: "https://bot.example.org/telegram".into(),
        ..config()
    };
    check_refused(webhook.clone(), "webhookSecretToken");
    check_refused(TelegramConfig { webhook_path: "/{a}".into(), ..webhook.clone() }, "webhookPath");
    check_refused(TelegramConfig { webhook_url: "http://a".into(), ..webhook }, "webhookUrl");
}

#[test]
fn address_of_the_api_is_understood_with_and_without_bot() {
    for base in ["http://a:1", "http://a:1/", "http://a:1/bot", " http://a:1/bot/ "] {
        let config = TelegramConfig { api_base: Some(base.into()), ..config() };
        assert_eq!(config.api_root(), "http://a:1");
    }
    assert_eq!(config().api_root(), PUBLIC_API);
}

#[test]
fn token_is_not_in_the_debug_output() {
    assert!(!format!("{:?}", config()).contains("abc"));
}
