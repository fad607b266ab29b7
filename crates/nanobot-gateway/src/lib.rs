//! The gateway: between the channels and the agent.
//!
//! Follow a message through the modules: a channel hands it to the `intake`, which stores it in
//! the ledger and wakes the `scheduler`; a `turn` lets the agent answer and commits the result;
//! the `delivery` brings it to the channel. The `supervisor` keeps channels running, the
//! `status` board says how they are, and the `control` port lets people look.

pub mod channel_spec;
mod commands;
pub mod control;
pub mod delivery;
mod gateway;
mod intake;
mod joining;
mod metrics;
pub mod model_command;
mod outbox;
mod questions;
mod roster;
mod running;
mod scheduler;
mod speaker;
pub mod status;
mod supervisor;
mod turn;

pub use channel_spec::{ChannelSpec, OnUnknown};
pub use gateway::{Gateway, GatewayError, GatewayOptions, Settings};
