use schemars::JsonSchema;
use serde::Deserialize;

/// The section `plugins`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Plugins {
    /// Python interpreters whose installed channel packages are offered; empty: the usual places.
    pub python: Vec<String>,
    /// Built-in channels that run in a process of their own.
    pub isolate: Vec<String>,
}
