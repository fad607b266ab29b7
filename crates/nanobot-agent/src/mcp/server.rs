//! One configured server, up or not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanobot_config::McpServer;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::tool::Tool;

use super::connection::{ConnectError, Connection};
use super::tool::McpTool;

/// Longest time that a turn waits for a server to come up; later turns find it.
const TURN_PATIENCE: Duration = Duration::from_secs(3);
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);

/// A server with its state.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) config: McpServer,
    state: Mutex<State>,
    /// Changes when an attempt to connect has ended.
    attempts: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    connection: Option<Arc<Connection>>,
    connecting: Option<JoinHandle<()>>,
    failures: u32,
    /// When it may be tried again.
    not_before: Option<Instant>,
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(connecting) = &self.connecting {
            connecting.abort();
        }
    }
}

impl Server {
    pub(super) fn new(name: &str, config: McpServer) -> Self {
        Self {
            name: name.to_owned(),
            config,
            state: Mutex::default(),
            attempts: watch::Sender::new(0),
        }
    }

    /// Its tools, if it is up or comes up within a moment.
    pub(super) async fn tools(self: &Arc<Self>) -> Vec<Arc<dyn Tool>> {
        let connection = timeout(TURN_PATIENCE, self.connection()).await.ok().flatten();
        let tools = connection.iter().flat_map(|connection| &connection.tools);
        let enabled = tools.filter(|tool| self.is_enabled(&tool.name));
        enabled.map(|tool| Arc::new(McpTool::new(self, tool)) as Arc<dyn Tool>).collect()
    }

    /// The connection for a call, which is worth waiting until it may be tried again.
    pub(super) async fn connection_within(
        self: &Arc<Self>,
        patience: Duration,
    ) -> Option<Arc<Connection>> {
        let deadline = Instant::now() + patience;
        match self.pause_until() {
            Some(time) if time > deadline => return None,
            Some(time) => sleep_until(time).await,
            None => {}
        }
        timeout_at(deadline, self.connection()).await.ok().flatten()
    }

    /// When it may be tried again, if it is gone.
    fn pause_until(&self) -> Option<Instant> {
        let state = self.state();
        let is_up = state.connection.as_ref().is_some_and(|connection| !connection.is_closed());
        state.not_before.filter(|_| !is_up)
    }

    /// The connection, or what comes of an attempt to connect; none if it is too early for one.
    async fn connection(self: &Arc<Self>) -> Option<Arc<Connection>> {
        let mut attempts = self.attempts.subscribe();
        if let Some(connection) = self.up_or_connecting()? {
            return Some(connection);
        }
        attempts.changed().await.ok()?;
        self.state().connection.clone()
    }

    /// The connection; nothing inside if it is being opened, and nothing at all if it is too early
    /// to try again.
    fn up_or_connecting(self: &Arc<Self>) -> Option<Option<Arc<Connection>>> {
        let mut state = self.state();
        if let Some(connection) = &state.connection {
            if !connection.is_closed() {
                return Some(Some(Arc::clone(connection)));
            }
            tracing::warn!(server = self.name, "An MCP server is gone; connecting again.");
            state.connection = None;
        }
        if state.connecting.as_ref().is_some_and(|connecting| !connecting.is_finished()) {
            return Some(None);
        }
        if state.not_before.is_some_and(|time| Instant::now() < time) {
            return None;
        }
        let this = Arc::downgrade(self);
        let (name, config) = (self.name.clone(), self.config.clone());
        state.connecting = Some(tokio::spawn(async move {
            let opened = Connection::open(&name, &config).await;
            if let Some(this) = this.upgrade() {
                this.settle(opened);
            }
        }));
        Some(None)
    }

    fn settle(&self, opened: Result<Connection, ConnectError>) {
        let mut state = self.state();
        match opened {
            Ok(connection) => {
                let tools = connection.tools.len();
                tracing::info!(server = self.name, tools, "An MCP server is up.");
                state.connection = Some(Arc::new(connection));
                state.failures = 0;
                // A server that breaks down at once is not to be started again and again.
                state.not_before = Some(Instant::now() + FIRST_BACK_OFF);
            }
            Err(error) => {
                let source = std::error::Error::source(&error).map(without_addresses);
                let wait = back_off(state.failures);
                let again_in_s = wait.as_secs();
                tracing::warn!(server = self.name, %error, source, again_in_s, "An MCP server \
                    cannot be used.");
                state.failures = state.failures.saturating_add(1);
                state.not_before = Some(Instant::now() + wait);
            }
        }
        drop(state);
        self.attempts.send_modify(|attempts| *attempts += 1);
    }

    /// Whether a tool is offered, by its own name or by the one that the model sees.
    fn is_enabled(&self, tool: &str) -> bool {
        let ours = super::tool::name_for(&self.name, tool);
        self.config.enabled_tools.iter().any(|name| name == "*" || name == tool || *name == ours)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The words of an error without addresses: people put keys there.
fn without_addresses(error: &dyn std::error::Error) -> String {
    let error = error.to_string();
    let shown = |word| if str::contains(word, "://") { "(address)" } else { word };
    error.split(' ').map(shown).collect::<Vec<_>>().join(" ")
}

fn back_off(failures: u32) -> Duration {
    let doubled = 2_u32.checked_pow(failures).unwrap_or(u32::MAX);
    FIRST_BACK_OFF.saturating_mul(doubled).min(LONGEST_BACK_OFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let waits = [0, 1, 2, 8, 9, 40].map(|failures| back_off(failures).as_secs());
        assert_eq!(waits, [1, 2, 4, 256, 300, 300]);
    }
}
