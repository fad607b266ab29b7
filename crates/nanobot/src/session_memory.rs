//! What a conversation outside the gateway remembers: its session in the ledger.

use nanobot_agent::Message;
use nanobot_gateway::control::SESSIONS_PATH;
use nanobot_ledger::SessionInfo;

use crate::instance::Instance;
use crate::ledger_desk::{LedgerDesk, escaped};

/// Entries that are read at the start; more than a model is given.
const NEWEST: u64 = 500;

/// The session of a conversation.
pub(crate) struct SessionMemory<'a> {
    desk: LedgerDesk<'a>,
    path: String,
}

impl<'a> SessionMemory<'a> {
    pub(crate) fn new(instance: &'a Instance, session: &str) -> Self {
        let desk = LedgerDesk::new(instance, "sessions list");
        Self { desk, path: format!("{SESSIONS_PATH}/{}", escaped(session)) }
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

    pub(crate) async fn add(&self, entries: &[Message]) -> anyhow::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let entries: Vec<String> =
            entries.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        self.desk.write(&format!("{}/history", self.path), &entries).await
    }

    pub(crate) async fn forget(&self) -> anyhow::Result<()> {
        if self.desk.find::<SessionInfo>(&self.path).await?.is_some() {
            self.desk.delete(&self.path).await?;
        }
        Ok(())
    }
}
