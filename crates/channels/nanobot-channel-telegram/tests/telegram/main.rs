//! The channel against a fake Bot API server that checks every call.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, also in its helpers")]

mod failures;
mod fake;
mod looks;
mod media;
mod receive;
mod restart;
mod send;
mod steps;
mod stream;
mod stream_drafts;
mod stream_interrupted;
mod stream_long;
mod support;
mod webhook;
