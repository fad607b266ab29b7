use std::path::Path;

use nanobot_config::{ConfigFile, Environment};

use crate::support::{error, parse, resolve};

const SECRET: &str = "s3cret";

/// Every key that holds a secret, with the same one in each.
const TEXT: &str = r#"{
  "providers": {"openai": {"apiKey": "s3cret", "extraHeaders": {"H": "s3cret"}, "proxy": "s3cret", "extraBody": {"b": "s3cret"}}},
  "gateway": {"token": "s3cret"},
  "api": {"apiKey": "s3cret"},
  "tools": {
    "web": {"proxy": "s3cret", "search": {"apiKey": "s3cret"}},
    "mcpServers": {"m": {"args": ["--key", "s3cret"], "url": "http://a?key=s3cret", "env": {"E": "s3cret"}, "headers": {"H": "s3cret"}}}
  },
  "channels": {"x": {"enabled": true, "token": "s3cret", "deep": {"password": ["s3cret"]}}},
  "mystery": "s3cret"
}"#;

#[test]
fn debug_output_shows_no_secret() {
    let config = resolve(TEXT, &[]).unwrap();
    assert_eq!(config.tools.mcp_servers["m"].args.len(), 2);
    assert!(!format!("{config:?}").contains(SECRET), "{config:#?}");
    assert!(!format!("{:?}", parse(TEXT).unwrap()).contains(SECRET));
    let environment = Environment::from_pairs([("TOKEN", SECRET)]);
    assert_eq!(format!("{environment:?}"), r#"{"TOKEN"}"#);
}

#[test]
fn errors_show_no_secret() {
    for text in [
        r#"{"providers": {"openai": {"apiKey": ["s3cret"]}}}"#,
        r#"{"providers": {"openai": "s3cret"}}"#,
        r#"{"providers": {"openai": {"apiKey": "${NO} s3cret"}}}"#,
        r#"{"gateway": {"port": "s3cret"}}"#,
        r#"{"channels": {"x": "s3cret"}}"#,
        r#"{"channels": {"x": {"allowFrom": "s3cret"}}}"#,
        r#"{"providers": {"openai": {"apiKey": s3cret}}}"#,
    ] {
        let error = error(text);
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
    }
    let number = error(r#"{"providers": {"openai": {"apiKey": 424242}}}"#);
    assert!(!format!("{number} {number:?}").contains("424242"), "{number}");
}

#[test]
fn resolved_values_never_reach_the_text() {
    let text = r#"{"providers": {"openai": {"apiKey": "${KEY}"}}, "channels": {"x": {"enabled": true, "t": "${KEY}"}}}"#;
    let mut file = ConfigFile::parse(Path::new("config.json"), text.to_owned()).unwrap();
    file.resolve(&Environment::from_pairs([("KEY", SECRET)])).unwrap();
    file.set("gateway.port", 1.into()).unwrap();
    assert!(!file.text().contains(SECRET));
    assert!(file.text().contains("${KEY}"));
}
