use schemars::JsonSchema;
use serde::Deserialize;

use super::{Agents, Api, Channels, Gateway, Plugins, Providers, Tools, Transcription};
use crate::warning::ConfigWarning;

/// Everything the file, the environment and the defaults say together.
///
/// `Config::default()` is what an empty file means.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(title = "nanobot config")]
pub struct Config {
    /// Agent that answers: model, limits, workspace.
    pub agents: Agents,
    /// Model services and their keys.
    pub providers: Providers,
    /// Chat platforms; besides the settings for all of them, each key is one channel.
    pub channels: Channels,
    /// Long-running process that connects channels and agent.
    pub gateway: Gateway,
    /// OpenAI-compatible HTTP server.
    pub api: Api,
    /// What the agent may use.
    pub tools: Tools,
    /// How voice messages become text.
    pub transcription: Transcription,
    /// Where channel plugins are found and how they are run.
    pub plugins: Plugins,
    /// What a person should look at, although the configuration can be used.
    #[serde(skip)]
    pub warnings: Vec<ConfigWarning>,
}
