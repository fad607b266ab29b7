//! What a conversation outside the gateway remembers: its session in the ledger.

use nanobot_agent::{Message, TurnOutcome};
use nanobot_gateway::control::{SESSIONS_PATH, TurnElsewhere};
use nanobot_gateway::turn_usage;
use nanobot_ledger::SessionInfo;

use crate::instance::Instance;
use crate::ledger_desk::{LedgerDesk, escaped};

/// Entries that are read at the start; more than a model is given.
const NEWEST: u64 = 500;

/// The session of a conversation.
pub(crate) struct SessionMemory<'a> {
    desk: LedgerDesk<'a>,
    /// That its turns count for.
    channel: &'static str,
    path: String,
}

impl<'a> SessionMemory<'a> {
    pub(crate) fn new(instance: &'a Instance, channel: &'static str, session: &str) -> Self {
        let desk = LedgerDesk::new(instance, "sessions list");
        Self { desk, channel, path: format!("{SESSIONS_PATH}/{}", escaped(session)) }
    }

    /// The newest entries, oldest first.
    pub(crate) async fn read(&self) -> anyhow::Result<Vec<Message>> {
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
    pub(crate) async fn add(&self, turn: &TurnOutcome) -> anyhow::Result<()> {
        let usage = turn_usage(self.channel, turn);
        if turn.history.is_empty() && usage.is_none() {
            return Ok(());
        }
        let history = turn.history.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let turn = TurnElsewhere { history, usage };
        self.desk.write(&format!("{}/history", self.path), &turn).await
    }

    pub(crate) async fn forget(&self) -> anyhow::Result<()> {
        if self.desk.find::<SessionInfo>(&self.path).await?.is_some() {
            self.desk.delete(&self.path).await?;
        }
        Ok(())
    }
}
