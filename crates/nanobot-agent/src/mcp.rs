//! Tools of MCP servers.
//!
//! See the [Model Context Protocol](https://modelcontextprotocol.io/specification). Servers are
//! connected when the first turn wants their tools, and again when they are gone. Each of them is on
//! its own: one that is dead or slow costs the others nothing, and a turn only a moment.

mod connection;
mod server;
mod tool;

use std::sync::Arc;

use futures_util::future::join_all;
use indexmap::IndexMap;
use nanobot_config::McpServer;

use crate::tool::Tool;

use server::Server;

/// All configured servers.
pub(crate) struct McpServers(Vec<Arc<Server>>);

impl McpServers {
    pub(crate) fn new(configured: &IndexMap<String, McpServer>) -> Self {
        let servers = configured.iter();
        Self(servers.map(|(name, config)| Arc::new(Server::new(name, config.clone()))).collect())
    }

    /// The tools of the servers that are up.
    pub(crate) async fn tools(&self) -> Vec<Arc<dyn Tool>> {
        join_all(self.0.iter().map(Server::tools)).await.concat()
    }
}
