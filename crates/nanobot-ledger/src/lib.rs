//! The ledger: what was accepted and is not yet answered, what was answered and is not yet
//! delivered, and what each session remembers.
//!
//! [`Ledger`] is the trait; [`MemoryLedger`] is the engine without a disk. A message's way through it:
//!
//! 1. [`accept`](Ledger::accept) stores an inbound message. When it returns, the message is as safe
//!    as the engine can make it, and only then the channel is told.
//! 2. [`claim`](Ledger::claim) takes the oldest waiting message of a session, with the history.
//! 3. [`commit_turn`](Ledger::commit_turn) stores, all at once, what the session gained, what is to
//!    be delivered, and that the message is done.
//! 4. [`settle`](Ledger::settle) ends a delivery.
//!
//! No method borrows anything across an await, and none can be served by one process only, so that
//! an engine may live on other machines.

mod entry;
mod error;
mod ledger;
mod memory;

pub use entry::{
    Accepted, Claim, InboundEntry, OutboundEntry, Settlement, TurnCommit, new_id, now_ms,
};
pub use error::LedgerError;
pub use ledger::Ledger;
pub use memory::{MemoryLedger, MemoryLimits};
