use std::error::Error;
use std::fs;
use std::path::Path;

use nanobot_config::{
    Config, ConfigErrorKind, ConfigFile, Environment, ExecSandbox, McpTransport, ProviderRetryMode,
};

use crate::support::{config, parse, warnings};

#[test]
fn empty_object_means_all_defaults() {
    let config = config("{}");
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    let defaults = &config.agents.defaults;
    assert_eq!(defaults.model, None);
    assert_eq!(defaults.provider, "auto");
    assert_eq!(defaults.max_tokens, 8192);
    assert_eq!(defaults.context_window_tokens, 65_536);
    assert_eq!(defaults.max_tool_iterations, 200);
    assert_eq!(defaults.max_tool_result_chars, 16_000);
    assert_eq!(defaults.provider_retry_mode, ProviderRetryMode::Standard);
    assert_eq!(defaults.dream.interval_h, 2);
    assert_eq!(config.channels.send_max_retries, 3);
    assert_eq!((config.gateway.host.as_str(), config.gateway.port), ("127.0.0.1", 18_790));
    assert_eq!((config.api.port, config.api.timeout), (8900, 120.0));
    assert_eq!(config.tools.exec.timeout, 60);
    assert_eq!(config.tools.web.search.max_results, 5);
}

#[test]
fn file_written_by_the_original_is_understood_without_warnings() {
    let config = config(include_str!("original.json"));
    assert_eq!(warnings(&config), Vec::<String>::new());
    let defaults = &config.agents.defaults;
    assert_eq!(defaults.model.as_deref(), Some("anthropic/claude-opus-4-5"));
    assert_eq!(config.gateway.host, "0.0.0.0");
    assert_eq!(config.tools.exec.sandbox, ExecSandbox::Automatic);
    assert!(config.providers.get("azure_openai").unwrap().api_key.is_none());
    assert!(config.providers.get("openrouter").unwrap().api_key.is_some());
    let server = &config.tools.mcp_servers["files"];
    assert_eq!(server.transport, Some(McpTransport::Stdio));
    assert_eq!(server.tool_timeout, 30);
    assert_eq!(config.channels.sections["telegram"].allow_from, Some(vec![]));
    assert!(!config.channels.sections["telegram"].is_enabled());
}

#[test]
fn comments_and_trailing_commas_are_accepted() {
    let config = config("{\n // mine\n \"gateway\": { /* here */ \"port\": 1, },\n}");
    assert_eq!(config.gateway.port, 1);
}

#[test]
fn fresh_file_parses_resolves_and_says_no_more_than_needed() {
    let file = ConfigFile::new_with_defaults(Path::new("config.json"));
    let config = file.resolve(&Environment::default()).unwrap();
    assert_eq!(warnings(&config), Vec::<String>::new());
    assert_eq!(config.agents, Config::default().agents);
    assert_eq!(config.gateway.port, Config::default().gateway.port);
    assert!(file.text().lines().count() < 40);
    assert!(file.is_changed());
}

#[test]
fn missing_file_says_how_to_create_one() {
    let error = ConfigFile::load(Path::new("/nowhere/config.json")).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Missing);
    assert_eq!(error.to_string(), "/nowhere/config.json: config file not found");
    assert_eq!(error.hint().unwrap(), "run `nanobot onboard` to create it");
    assert!(error.source().is_some());
}

#[test]
fn file_beyond_the_size_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    let padding = " ".repeat(ConfigFile::MAX_BYTES - 2);
    fs::write(&path, format!("{{{padding}}}")).unwrap();
    assert!(ConfigFile::load(&path).is_ok(), "exactly the limit");
    fs::write(&path, format!("{{{padding} }}")).unwrap();
    let error = ConfigFile::load(&path).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Invalid);
    assert_eq!(error.message(), "the file is larger than 4 MiB");
}

#[test]
fn folder_in_place_of_the_file_is_a_read_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = ConfigFile::load(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Io);
    assert!(error.source().is_some());
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, b"{\n  \"\xc3\xa4\xff\": 1}").unwrap();
    let error = ConfigFile::load(&path).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Syntax);
    let position = error.position().unwrap();
    assert_eq!((position.line, position.column), (2, 5));
}

#[test]
fn byte_order_mark_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, "\u{feff}{}").unwrap();
    let mut file = ConfigFile::load(&path).unwrap();
    assert!(!file.is_changed());
    file.set("gateway.port", 5.into()).unwrap();
    file.save().unwrap();
    assert_eq!(ConfigFile::load(&path).unwrap().value()["gateway"]["port"], 5);
}

#[test]
fn home_is_expanded_in_the_workspace() {
    for (typed, expected) in [
        ("~/.nanobot/workspace", "/home/ada/.nanobot/workspace"),
        ("~", "/home/ada"),
        ("~bob/x", "~bob/x"),
        ("/srv/bot", "/srv/bot"),
        ("relative", "relative"),
    ] {
        let mut file = parse("{}").unwrap();
        file.set("agents.defaults.workspace", typed.into()).unwrap();
        let config = file.resolve(&Environment::default()).unwrap();
        let workspace = config.agents.workspace(Path::new("/home/ada"));
        assert_eq!(workspace, Path::new(expected), "{typed}");
    }
}
