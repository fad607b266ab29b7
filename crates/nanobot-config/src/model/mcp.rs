use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

/// One entry of `tools.mcpServers`: a program or address that offers tools.
///
/// `Debug` hides arguments and address as well: people put keys there, where the program offers no better place.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct McpServer {
    /// How to talk to it; not set: a command means `stdio`, an address one of the others.
    #[serde(rename = "type")]
    pub transport: Option<McpTransport>,
    /// Program to start, for `stdio`.
    pub command: Option<String>,
    /// Arguments of the program.
    pub args: Vec<String>,
    /// Environment variables of the program.
    #[schemars(with = "BTreeMap<String, String>", extend("writeOnly" = true))]
    pub env: IndexMap<String, SecretString>,
    /// Address of the server, for the transports over HTTP.
    pub url: Option<String>,
    /// HTTP headers sent with every request.
    #[schemars(with = "BTreeMap<String, String>", extend("writeOnly" = true))]
    pub headers: IndexMap<String, SecretString>,
    /// Seconds until a tool call is given up.
    #[schemars(range(min = 1))]
    pub tool_timeout: u32,
    /// Names of the tools to offer; `*` is all of them.
    pub enabled_tools: Vec<String>,
}

impl Default for McpServer {
    fn default() -> Self {
        McpServer {
            transport: None,
            command: None,
            args: Vec::new(),
            env: IndexMap::new(),
            url: None,
            headers: IndexMap::new(),
            tool_timeout: 30,
            enabled_tools: vec!["*".to_owned()],
        }
    }
}

impl fmt::Debug for McpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServer")
            .field("transport", &self.transport)
            .field("command", &self.command)
            .field("args", &self.args.len())
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("has_url", &self.url.is_some())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("tool_timeout", &self.tool_timeout)
            .field("enabled_tools", &self.enabled_tools)
            .finish()
    }
}

/// How to talk to an MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum McpTransport {
    /// A program of ours, over its standard input and output.
    Stdio,
    /// HTTP with server-sent events, the older transport.
    Sse,
    /// HTTP with optional streaming.
    StreamableHttp,
}
