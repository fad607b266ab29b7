//! The engine that keeps everything in one SQLite file.
//!
//! One thread owns the file. Calls send it commands and await its answers; what waits together is
//! written in one transaction and answered after that transaction is on the disk. Because reads go
//! the same way, the file needs only one connection, and that one holds it exclusively.

mod backlog;
mod inbox;
mod inspect;
mod machine;
mod open;
mod open_error;
mod options;
mod outbox;
mod queue;
mod retention;
mod schema;
mod sessions;
mod store;
mod trace;
mod usage;
mod writer;

pub use inspect::{LedgerFile, inspect};
pub use open_error::OpenError;
pub use options::{Retention, SqliteOptions};

use std::thread;

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::{
    Accepted, Claim, DeliveryFilter, DeliveryRecord, FailedTry, HistoryPage, InboundEntry,
    InboundRecord, Ledger, LedgerError, OutboundEntry, SessionFile, SessionInfo, SessionPage,
    SessionUsage, Settlement, Trace, TurnCommit, UsageQuery, UsageRow, WaitingDelivery,
};
use queue::{Kind, Queue};
use store::{Store, Unit};
use writer::Writer;

/// An engine that keeps everything in one SQLite file.
///
/// What [`accept`](Ledger::accept), [`checkpoint`](Ledger::checkpoint) and
/// [`commit_turn`](Ledger::commit_turn) confirmed survives a crash of the process and of the
/// machine, as far as the disk keeps its word. The marks in between (claimed, under way, settled)
/// survive a crash of the process; after a crash of the machine the newest may be gone, and the
/// deliveries they could have belonged to are reported as unknown. A message whose `accept` failed
/// because the disk did may be there after a crash that follows at once; with its event id it is
/// still one message.
#[derive(Debug)]
pub struct SqliteLedger {
    queue: Queue,
}

impl SqliteLedger {
    /// Opens the file, or makes it, and takes hold of it until the ledger is closed or dropped.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. A file that cannot be used is left as it is.
    pub async fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let path = options.path.clone();
        let (queue, commands) = queue::channel();
        let (opened_tx, opened_rx) = oneshot::channel();
        let work = move || {
            let opened = Store::open(options);
            let store = match opened {
                Ok(store) => store,
                Err(error) => {
                    // Whoever asked may be gone.
                    let _ = opened_tx.send(Err(error));
                    return;
                }
            };
            if opened_tx.send(Ok(())).is_ok() {
                Writer::new(store, commands).run();
            }
        };
        let thread = thread::Builder::new().name("ledger".into());
        thread.spawn(work).map_err(|error| OpenError::other(&path, error))?;
        let died = |error| OpenError::other(&path, error);
        opened_rx.await.map_err(died)??;
        Ok(Self { queue })
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn accept(&self, entry: InboundEntry) -> Result<Accepted, LedgerError> {
        let json = serde_json::to_string(&entry.message)
            .map_err(|error| LedgerError::new(inbox::ACCEPT).with_source(error))?;
        let work = move |unit: &mut Unit<'_>| inbox::accept(unit, &entry, &json);
        self.queue.ask(inbox::ACCEPT, Kind::Synced, work).await
    }

    async fn claim(&self, session: &str) -> Result<Option<Claim>, LedgerError> {
        let session = session.to_owned();
        let work = move |unit: &mut Unit<'_>| inbox::claim(unit, &session);
        let action = "failed to read the next message";
        self.queue.ask_or_undo(action, Kind::BestEffort, work, inbox::give_back).await
    }

    async fn waiting_in(
        &self,
        session: &str,
        limit: usize,
    ) -> Result<Vec<InboundEntry>, LedgerError> {
        let session = session.to_owned();
        let work = move |unit: &mut Unit<'_>| inbox::waiting_in(unit, &session, limit);
        let action = "failed to read the messages that wait in a session";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn checkpoint(&self, inbound_id: &str, json: String) -> Result<(), LedgerError> {
        let id = inbound_id.to_owned();
        let work = move |unit: &mut Unit<'_>| inbox::checkpoint(unit, &id, &json);
        let action = "failed to store how far a turn is";
        self.queue.ask(action, Kind::Synced, work).await
    }

    async fn commit_turn(&self, turn: TurnCommit) -> Result<(), LedgerError> {
        let action = "failed to store the result of a turn";
        let messages = outbox::to_json(&turn.outbound)
            .map_err(|error| LedgerError::new(action).with_source(error))?;
        let work = move |unit: &mut Unit<'_>| inbox::commit_turn(unit, &turn, &messages);
        self.queue.ask(action, Kind::Synced, work).await
    }

    async fn release(&self, session: &str) -> Result<(), LedgerError> {
        let session = session.to_owned();
        let work = move |unit: &mut Unit<'_>| inbox::release(unit, &session);
        let action = "failed to give a message back";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn discard_waiting(&self, session: &str) -> Result<u64, LedgerError> {
        let session = session.to_owned();
        let work = move |unit: &mut Unit<'_>| inbox::discard_waiting(unit, &session);
        let action = "failed to discard the waiting messages";
        self.queue.ask(action, Kind::Synced, work).await
    }

    async fn begin_delivery(&self, delivery_id: &str) -> Result<bool, LedgerError> {
        let id = delivery_id.to_owned();
        let work = move |unit: &mut Unit<'_>| outbox::begin(unit, &id);
        let action = "failed to mark a delivery as under way";
        self.queue.ask(action, Kind::Relaxed, work).await
    }

    async fn fail_try(&self, delivery_id: &str, failed: FailedTry) -> Result<(), LedgerError> {
        let id = delivery_id.to_owned();
        let work = move |unit: &mut Unit<'_>| outbox::fail_try(unit, &id, &failed);
        let action = "failed to store that a delivery failed";
        self.queue.ask(action, Kind::Relaxed, work).await
    }

    async fn hold_delivery(&self, delivery_id: &str, reason: &str) -> Result<(), LedgerError> {
        let (id, reason) = (delivery_id.to_owned(), reason.to_owned());
        let work = move |unit: &mut Unit<'_>| outbox::hold(unit, &id, &reason);
        let action = "failed to put a delivery aside";
        self.queue.ask(action, Kind::Synced, work).await
    }

    async fn settle(&self, delivery_id: &str, outcome: Settlement) -> Result<(), LedgerError> {
        let id = delivery_id.to_owned();
        let work = move |unit: &mut Unit<'_>| outbox::settle(unit, &id, &outcome);
        let action = "failed to store that a delivery ended";
        self.queue.ask(action, Kind::Relaxed, work).await
    }

    async fn waiting_sessions(&self) -> Result<Vec<String>, LedgerError> {
        let action = "failed to list the sessions with waiting messages";
        self.queue
            .ask(action, Kind::Read, |unit: &mut Unit<'_>| inbox::waiting_sessions(unit))
            .await
    }

    async fn waiting_deliveries(&self) -> Result<Vec<WaitingDelivery>, LedgerError> {
        let action = "failed to list the waiting deliveries";
        self.queue.ask(action, Kind::Read, |unit: &mut Unit<'_>| outbox::waiting(unit)).await
    }

    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRecord>, LedgerError> {
        let work = move |unit: &mut Unit<'_>| outbox::list(unit, &filter);
        let action = "failed to list deliveries";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn retry_delivery(
        &self,
        delivery_id: &str,
    ) -> Result<Option<OutboundEntry>, LedgerError> {
        let id = delivery_id.to_owned();
        let work = move |unit: &mut Unit<'_>| outbox::retry(unit, &id);
        let action = "failed to take a delivery up again";
        self.queue.ask(action, Kind::Synced, work).await
    }

    async fn drop_delivery(&self, delivery_id: &str) -> Result<bool, LedgerError> {
        let id = delivery_id.to_owned();
        let work = move |unit: &mut Unit<'_>| outbox::give_up(unit, &id);
        let action = "failed to drop a delivery";
        self.queue.ask(action, Kind::Synced, work).await
    }

    async fn unanswered(&self, limit: usize) -> Result<Vec<InboundRecord>, LedgerError> {
        let work = move |unit: &mut Unit<'_>| trace::unanswered(unit, limit);
        let action = "failed to list the messages that are not answered";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn trace(&self, id: &str) -> Result<Option<Trace>, LedgerError> {
        let id = id.to_owned();
        let work = move |unit: &mut Unit<'_>| trace::trace(unit, &id);
        let action = "failed to read the way of a message";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn usage(&self, query: UsageQuery) -> Result<Vec<UsageRow>, LedgerError> {
        let work = move |unit: &mut Unit<'_>| usage::list(unit, query);
        let action = "failed to add up what turns used";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn session_usage(&self, session: &str) -> Result<SessionUsage, LedgerError> {
        let session = session.to_owned();
        let work = move |unit: &mut Unit<'_>| usage::of_session(unit, &session);
        let action = "failed to add up what a session used";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn sessions(&self, page: SessionPage) -> Result<Vec<SessionInfo>, LedgerError> {
        let work = move |unit: &mut Unit<'_>| sessions::list(unit, &page);
        let action = "failed to list sessions";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn session(&self, key: &str) -> Result<Option<SessionInfo>, LedgerError> {
        let key = key.to_owned();
        let work = move |unit: &mut Unit<'_>| sessions::info(unit, &key);
        let action = "failed to read a session";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn session_history(
        &self,
        key: &str,
        page: HistoryPage,
    ) -> Result<Vec<String>, LedgerError> {
        let key = key.to_owned();
        let work = move |unit: &mut Unit<'_>| sessions::history(unit, &key, page);
        let action = "failed to read the history of a session";
        self.queue.ask(action, Kind::Read, work).await
    }

    async fn import_session(&self, session: SessionFile) -> Result<bool, LedgerError> {
        let work = move |unit: &mut Unit<'_>| sessions::import(unit, &session);
        let action = "failed to store an imported session";
        self.queue.ask(action, Kind::Synced, work).await
    }

    async fn delete_session(&self, key: &str) -> Result<bool, LedgerError> {
        let key = key.to_owned();
        let work = move |unit: &mut Unit<'_>| sessions::delete(unit, &key);
        let action = "failed to delete a session";
        self.queue.ask(action, Kind::Synced, work).await
    }

    async fn close(&self) -> Result<(), LedgerError> {
        self.queue.close().await
    }
}
