//! The ledger: what was accepted and is not yet answered, what was answered and is not yet
//! delivered, and what each session remembers.
//!
//! [`Ledger`] is the trait. [`SqliteLedger`] keeps everything in one file, [`MemoryLedger`] keeps it
//! until the process ends. A message's way through them:
//!
//! 1. [`accept`](Ledger::accept) stores an inbound message. When it returns, the message is as safe
//!    as the engine can make it, and only then the channel is told.
//! 2. [`claim`](Ledger::claim) takes the oldest waiting message of a session, with the history.
//! 3. [`checkpoint`](Ledger::checkpoint) stores how far a turn is, so that what it did is not done
//!    again after a crash.
//! 4. [`commit_turn`](Ledger::commit_turn) stores, all at once, what the session gained, what is to
//!    be delivered, and that the message is done.
//! 5. [`begin_delivery`](Ledger::begin_delivery) marks a delivery as under way before the platform
//!    is called, and [`settle`](Ledger::settle) ends it. What is neither settled nor failed after a
//!    crash has an unknown outcome, and says so.
//!
//! No method borrows anything across an await, and none can be served by one process only, so that
//! an engine may live on other machines.

mod delivery;
mod entry;
mod error;
mod ledger;
mod memory;
mod session;
mod session_file;
mod sqlite;
mod trace;
mod transfer;
mod usage;

pub use delivery::{DeliveryFilter, DeliveryRecord, DeliveryState, FailedTry, WaitingDelivery};
pub use entry::{
    Accepted, Claim, InboundEntry, OutboundEntry, POSSIBLE_DUPLICATE, Settlement, TurnCommit,
    new_id, now_ms,
};
pub use error::LedgerError;
pub use ledger::Ledger;
pub use memory::{MemoryLedger, MemoryLimits};
pub use session::{HistoryPage, SessionInfo, SessionPage};
pub use session_file::SessionFile;
pub use sqlite::{LedgerFile, OpenError, Retention, SqliteLedger, SqliteOptions, inspect};
pub use trace::{InboundRecord, InboundState, Trace};
pub use transfer::{ImportReport, export_session, import_sessions};
pub use usage::{SessionUsage, TurnUsage, UsageQuery, UsageRow, UsageTotal};
