use async_trait::async_trait;

use crate::{
    Accepted, Claim, DeliveryFilter, DeliveryRecord, FailedTry, HistoryPage, InboundEntry,
    InboundRecord, LedgerError, OutboundEntry, SessionFile, SessionInfo, SessionPage, SessionUsage,
    Settlement, Trace, TurnCommit, UsageQuery, UsageRow, WaitingDelivery,
};

/// Store of inbox, outbox and sessions.
///
/// Every call is one step: it happens whole or not at all, and when it returns its effect is what
/// the next call sees. A call that names something unknown changes nothing and is no error.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Stores a message that a channel received.
    ///
    /// When this returns `New`, the message survives whatever the engine promises to survive.
    async fn accept(&self, entry: InboundEntry) -> Result<Accepted, LedgerError>;

    /// Takes the oldest waiting message of a session, with the session's newest history.
    ///
    /// A session has at most one claimed message. It is waiting again if it is neither committed nor
    /// claimed when the engine is opened next. An engine that cannot write any more still hands out
    /// what it holds.
    async fn claim(&self, session: &str) -> Result<Option<Claim>, LedgerError>;

    /// The messages that wait in a session behind the claimed one, oldest first, at most so many.
    /// They go on waiting: a turn that answers them as well says so in its commit.
    async fn waiting_in(
        &self,
        session: &str,
        limit: usize,
    ) -> Result<Vec<InboundEntry>, LedgerError>;

    /// Stores how far the turn with a claimed message is; replaces what was stored before. The next
    /// claim of the message has it, until the turn is committed.
    async fn checkpoint(&self, inbound_id: &str, json: String) -> Result<(), LedgerError>;

    /// Stores the result of a turn in one step: history, deliveries, and that the message is done.
    ///
    /// Committing a message that is done changes nothing, so the call can be repeated.
    async fn commit_turn(&self, turn: TurnCommit) -> Result<(), LedgerError>;

    /// Gives a claimed message back, to be claimed again.
    async fn release(&self, session: &str) -> Result<(), LedgerError>;

    /// Ends the waiting messages of a session without an answer, and says how many there were. The
    /// claimed one stays.
    async fn discard_waiting(&self, session: &str) -> Result<u64, LedgerError>;

    /// Says that a channel is about to be asked to deliver; call it before every try.
    ///
    /// If neither [`settle`](Self::settle) nor [`fail_try`](Self::fail_try) follows before the
    /// engine is opened again, the outcome is unknown. False if the delivery is not waiting any
    /// more, and must not be tried.
    async fn begin_delivery(&self, delivery_id: &str) -> Result<bool, LedgerError>;

    /// Says that a try failed and the delivery waits for the next.
    async fn fail_try(&self, delivery_id: &str, failed: FailedTry) -> Result<(), LedgerError>;

    /// Puts a waiting delivery aside until a person decides.
    async fn hold_delivery(&self, delivery_id: &str, reason: &str) -> Result<(), LedgerError>;

    /// Ends a delivery.
    async fn settle(&self, delivery_id: &str, outcome: Settlement) -> Result<(), LedgerError>;

    /// Sessions with waiting messages, to be woken at the start.
    async fn waiting_sessions(&self) -> Result<Vec<String>, LedgerError>;

    /// Deliveries that wait or are under way, oldest first, to be taken up at the start.
    async fn waiting_deliveries(&self) -> Result<Vec<WaitingDelivery>, LedgerError>;

    /// Lists deliveries, newest first.
    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRecord>, LedgerError>;

    /// Makes a dead or held delivery wait again; hands out what is now to be delivered.
    ///
    /// The person who asks for this has decided about an unknown outcome: it is not unknown any
    /// more, and the message carries [`POSSIBLE_DUPLICATE`](crate::POSSIBLE_DUPLICATE) instead.
    async fn retry_delivery(&self, delivery_id: &str)
    -> Result<Option<OutboundEntry>, LedgerError>;

    /// Gives up a waiting, held or dead delivery. False if there is none.
    async fn drop_delivery(&self, delivery_id: &str) -> Result<bool, LedgerError>;

    /// Lists the messages that wait or are being answered, oldest first, at most so many.
    async fn unanswered(&self, limit: usize) -> Result<Vec<InboundRecord>, LedgerError>;

    /// The way of the message with this id, or of the message that the delivery with this id
    /// answers.
    async fn trace(&self, id: &str) -> Result<Option<Trace>, LedgerError>;

    /// What turns used, by day (newest first), channel and model.
    async fn usage(&self, query: UsageQuery) -> Result<Vec<UsageRow>, LedgerError>;

    /// What the turns of a session used; nothing for one that is unknown.
    async fn session_usage(&self, session: &str) -> Result<SessionUsage, LedgerError>;

    /// Lists sessions by key.
    async fn sessions(&self, page: SessionPage) -> Result<Vec<SessionInfo>, LedgerError>;

    /// One session.
    async fn session(&self, key: &str) -> Result<Option<SessionInfo>, LedgerError>;

    /// A piece of a session's history, oldest first.
    async fn session_history(
        &self,
        key: &str,
        page: HistoryPage,
    ) -> Result<Vec<String>, LedgerError>;

    /// Stores a session from elsewhere. False, and nothing changes, if the ledger has one with this
    /// key.
    async fn import_session(&self, session: SessionFile) -> Result<bool, LedgerError>;

    /// Forgets a session's history; messages that wait stay. False if there is none.
    async fn delete_session(&self, key: &str) -> Result<bool, LedgerError>;

    /// Finishes what was asked for and lets go of the store. Later calls fail.
    async fn close(&self) -> Result<(), LedgerError>;
}
