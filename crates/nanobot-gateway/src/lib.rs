//! The gateway: between the channels and the agent.
//!
//! Follow a message through the modules: a channel hands it to the `intake`, which stores it in
//! the ledger and wakes the `scheduler`; a `turn` lets the agent answer and commits the result;
//! the `delivery` brings it to the channel. The `supervisor` keeps channels running, the
//! `status` board says how they are, and the `control` port lets people look.

pub mod channel_spec;
mod commands;
pub mod control;
mod current_agent;
pub mod delivery;
mod gateway;
mod intake;
mod joining;
mod metrics;
pub mod model_command;
pub mod notify;
mod outbox;
mod questions;
mod restart;
mod rights;
mod roster;
mod running;
mod scheduler;
mod speaker;
pub mod status;
mod supervisor;
mod turn;
mod usage;

pub use channel_spec::{ChannelSpec, OnUnknown, Revision};
pub use gateway::reload::{Applied, ReloadRequest, Reloaded, Wanted};
pub use gateway::{Gateway, GatewayError, GatewayOptions, Settings};
pub use rights::Rights;
pub use usage::turn_usage;
