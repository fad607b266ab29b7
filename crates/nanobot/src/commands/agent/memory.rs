//! What a conversation remembers between two runs: its session in the ledger.

use nanobot_agent::{Message, TurnOutcome};
use nanobot_gateway::control::{SESSIONS_PATH, TurnElsewhere};
use nanobot_gateway::turn_usage;
use nanobot_ledger::SessionInfo;

use super::conversation::CHANNEL;
use crate::instance::Instance;
use crate::ledger_desk::{LedgerDesk, escaped};

/// Entries that are read at the start; more than a model is given.
const NEWEST: u64 = 500;

/// The session of a conversation.
pub(super) struct Memory<'a> {
    desk: LedgerDesk<'a>,
    path: String,
}

impl<'a> Memory<'a> {
    pub(super) fn new(instance: &'a Instance, session: &str) -> Self {
        let desk = LedgerDesk::new(instance, "sessions list");
        Self { desk, path: format!("{SESSIONS_PATH}/{}", escaped(session)) }
    }

    /// The newest entries, oldest first.
    pub(super) async fn read(&self) -> anyhow::Result<Vec<Message>> {
        let Some(session) = self.desk.find::<SessionInfo>(&self.path).await? else {
            return Ok(Vec::new());
        };
        let from = session.entries.saturating_sub(NEWEST);
        let path = format!("{}/history?from={from}&limit={NEWEST}", self.path);
        let entries: Vec<String> = self.desk.get(&path).await?;
        // An entry of another version that is not understood is left out, as in the gateway.
        Ok(entries.iter().filter_map(|entry| serde_json::from_str(entry).ok()).collect())
    }

    /// Keeps what was said in a turn, and counts what it used.
    pub(super) async fn add(&self, turn: &TurnOutcome) -> anyhow::Result<()> {
        let usage = turn_usage(CHANNEL, turn);
        if turn.history.is_empty() && usage.is_none() {
            return Ok(());
        }
        let history = turn.history.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let turn = TurnElsewhere { history, usage };
        self.desk.write(&format!("{}/history", self.path), &turn).await
    }

    pub(super) async fn forget(&self) -> anyhow::Result<()> {
        if self.desk.find::<SessionInfo>(&self.path).await?.is_some() {
            self.desk.delete(&self.path).await?;
        }
        Ok(())
    }
}
