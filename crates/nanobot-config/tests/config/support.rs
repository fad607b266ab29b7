use std::path::Path;

use nanobot_config::{Config, ConfigError, ConfigFile, Environment};

/// Resolves a text that must be usable, without an environment.
#[track_caller]
pub(crate) fn config(text: &str) -> Config {
    resolve(text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// Resolves a text that must not be usable, without an environment.
#[track_caller]
pub(crate) fn error(text: &str) -> ConfigError {
    resolve(text, &[]).expect_err("the text should be refused")
}

pub(crate) fn resolve(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    parse(text)?.resolve(&Environment::from_pairs(variables.iter().copied()))
}

pub(crate) fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
    ConfigFile::parse(Path::new("config.json"), text.to_owned())
}

/// Returns each warning as `line: message`.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    config.warnings.iter().map(ToString::to_string).collect()
}

pub(crate) fn object(text: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_str(text).expect("the test's own JSON is valid")
}
