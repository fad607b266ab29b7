use std::collections::BTreeMap;

use indexmap::IndexMap;
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
    /// What the processes of single channels may use of this machine, by the channel's name; the usual
    /// holds for all others.
    #[schemars(with = "BTreeMap<String, PluginSandbox>")]
    pub sandbox: IndexMap<String, PluginSandbox>,
}

/// What the process of one channel may use of this machine beyond its own folders and the network.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PluginSandbox {
    /// False lets the process do whatever its user may, without any limit of ours.
    pub enabled: bool,
    /// Files and folders that it may read and run, too; absolute, or below the home folder with `~/`.
    pub read: Vec<String>,
    /// Files and folders that it may also write.
    pub write: Vec<String>,
    /// Memory in MiB that each of its processes may fill; reserved addresses do not count.
    #[schemars(range(min = 16))]
    pub max_memory_mb: u32,
    /// Files and connections that each of its processes may have open.
    #[schemars(range(min = 64))]
    pub max_open_files: u32,
}

impl Default for PluginSandbox {
    fn default() -> Self {
        PluginSandbox {
            enabled: true,
            read: Vec::new(),
            write: Vec::new(),
            max_memory_mb: 2048,
            max_open_files: 4096,
        }
    }
}
