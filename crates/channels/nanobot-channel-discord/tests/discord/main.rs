//! The channel against a fake Discord that checks every call and payload.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, also in its helpers")]

mod commands;
mod fake;
mod gateway;
mod limits;
mod missed;
mod proxy;
mod receive;
mod send;
mod signs;
mod stream;
mod support;
