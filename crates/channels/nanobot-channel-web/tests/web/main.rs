//! The hub over real HTTP and WebSocket connections, with a gateway that the tests play.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod access;
mod bounds;
mod harness;
mod messages;
mod streams;
