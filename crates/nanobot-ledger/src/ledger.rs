use async_trait::async_trait;

use crate::{Accepted, Claim, InboundEntry, LedgerError, OutboundEntry, Settlement, TurnCommit};

/// Store of inbox, outbox and sessions.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Stores a message that a channel received.
    ///
    /// When this returns `New`, the message survives whatever the engine promises to survive.
    async fn accept(&self, entry: InboundEntry) -> Result<Accepted, LedgerError>;

    /// Takes the oldest waiting message of a session, with the session's history.
    ///
    /// A session has at most one claimed message. It is waiting again if it is neither committed nor
    /// claimed when the engine is opened next.
    async fn claim(&self, session: &str) -> Result<Option<Claim>, LedgerError>;

    /// Stores the result of a turn in one step: history, deliveries, and that the message is done.
    async fn commit_turn(&self, turn: TurnCommit) -> Result<(), LedgerError>;

    /// Gives a claimed message back, to be claimed again.
    async fn release(&self, session: &str) -> Result<(), LedgerError>;

    /// Ends a delivery.
    async fn settle(&self, delivery_id: &str, outcome: Settlement) -> Result<(), LedgerError>;

    /// Sessions with waiting messages, to be woken at the start.
    async fn waiting_sessions(&self) -> Result<Vec<String>, LedgerError>;

    /// Deliveries that were committed and not settled, oldest first, to be taken up at the start.
    async fn waiting_deliveries(&self) -> Result<Vec<OutboundEntry>, LedgerError>;
}
