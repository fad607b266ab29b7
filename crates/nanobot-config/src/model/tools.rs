use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::McpServer;

/// The section `tools`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Tools {
    /// Whether file tools see nothing outside the workspace and the media folder.
    pub restrict_to_workspace: bool,
    /// Running of shell commands.
    pub exec: Exec,
    /// Search in and reading of the web.
    pub web: Web,
    /// Private networks, in CIDR notation, that may be fetched from all the same.
    pub ssrf_whitelist: Vec<String>,
    /// MCP servers by name.
    #[schemars(with = "BTreeMap<String, McpServer>")]
    pub mcp_servers: IndexMap<String, McpServer>,
}

/// The section `tools.exec`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Exec {
    /// Whether the agent may run commands.
    pub enable: bool,
    /// Seconds until a command is ended.
    #[schemars(range(min = 1))]
    pub timeout: u32,
    /// Folders added to `PATH`, in the notation of `PATH`.
    pub path_append: String,
    /// What commands are locked into.
    pub sandbox: ExecSandbox,
    /// When a person is asked in the chat before a command is run.
    pub approval: ExecApproval,
    /// Seconds until a question about a command counts as refused.
    #[schemars(range(min = 1))]
    pub approval_timeout: u32,
}

impl Default for Exec {
    fn default() -> Self {
        Exec {
            enable: true,
            timeout: 60,
            path_append: String::new(),
            sandbox: ExecSandbox::Automatic,
            approval: ExecApproval::Never,
            approval_timeout: 300,
        }
    }
}

/// When a person is asked in the chat before a command is run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExecApproval {
    /// Not at all; commands that look dangerous are not run.
    #[default]
    Never,
    /// Before a command that looks dangerous, which is then run if the person agrees.
    OnDenyPattern,
    /// Before each command.
    Always,
}

/// What commands are locked into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ExecSandbox {
    /// What the system offers by itself, Landlock on Linux; written as an empty text.
    #[default]
    #[serde(rename = "")]
    Automatic,
    /// Nothing: commands may do whatever the user may who runs nanobot.
    #[serde(rename = "none")]
    Unconfined,
    /// Landlock; without it no command is run.
    #[serde(rename = "landlock")]
    Landlock,
    /// The program `bwrap`, with a writable workspace; limits the file tools as well.
    #[serde(rename = "bwrap")]
    Bubblewrap,
}

/// The section `tools.web`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Web {
    /// Whether the agent may search and fetch.
    pub enable: bool,
    /// Proxy for searching and fetching, e.g. `http://127.0.0.1:7890`; may hold a password.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub proxy: Option<SecretString>,
    /// Which search service to ask.
    pub search: WebSearch,
}

impl Default for Web {
    fn default() -> Self {
        Web { enable: true, proxy: None, search: WebSearch::default() }
    }
}

/// The section `tools.web.search`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WebSearch {
    /// `duckduckgo`, `brave`, `tavily`, `searxng` or `jina`.
    pub provider: String,
    /// Key of the service, where it wants one.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub api_key: Option<SecretString>,
    /// Address of the service, for `searxng`.
    pub base_url: Option<String>,
    /// Most results of one search.
    #[schemars(range(min = 1))]
    pub max_results: u32,
    /// Seconds until a search is given up.
    #[schemars(range(min = 1))]
    pub timeout: u32,
}

impl Default for WebSearch {
    fn default() -> Self {
        WebSearch {
            provider: "duckduckgo".to_owned(),
            api_key: None,
            base_url: None,
            max_results: 5,
            timeout: 30,
        }
    }
}
