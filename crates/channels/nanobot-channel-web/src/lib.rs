//! The chat page of nanobot: a built-in channel on the control port.
//!
//! [`WebHub`] owns what outlives a restart of the channel: the connected pages, the transcripts on
//! disk and the text of answers that are being streamed. [`WebHub::router`] is what the gateway
//! mounts; [`WebChannel`] connects the hub to the gateway while the channel runs.
//!
//! # Access
//!
//! A page on the web can make a person's browser talk to a port of the same machine, so the name in
//! `Host` must be one the hub answers to (this stops DNS rebinding), and `Origin` must be the same
//! place as `Host`. A program that sends no `Origin` gets in with the token or, where none is set,
//! from the same machine. The token travels in the first frame and never in a URL, which ends in
//! logs and histories; a page opened as `/#token=…` takes it from the fragment, which browsers do
//! not send. Serve the router with connect info (`into_make_service_with_connect_info`): without
//! it no peer counts as local. [`Access`] is the guard; another port may stand behind one, too.
//!
//! # Transcripts
//!
//! `conversations/<chat id>.jsonl` under the state folder: a line with the title, then one line for
//! each message, synced before the receipt. A delivery id that is already in the file is not written
//! again, also after a restart. A line that a crash cut short is dropped, for nobody was told that
//! it was stored.
//!
//! # The WebSocket protocol
//!
//! JSON objects in text frames, `type` first. A conversation is named by `chat`, an id that the page
//! makes up; `id` is the page's id of a message and makes sending it again harmless; `seq` numbers
//! the messages of a conversation and is also their time, in milliseconds since 1970.
//!
//! From the page:
//!
//! | frame | meaning |
//! |---|---|
//! | `hello {token?}` | first frame; answered by `welcome` or `denied` |
//! | `open {chat, after?}` | watch this conversation and no other; answered by `history` |
//! | `earlier {chat, before}` | messages before a number; answered by `earlier` |
//! | `send {chat, id, text}` | a message; answered by `accepted` or `refused` |
//! | `rename {chat, title}`, `delete {chat}` | answered by `conversation`, `deleted` to every page |
//! | `ping` | answered by `pong` |
//!
//! From the hub:
//!
//! | frame | meaning |
//! |---|---|
//! | `welcome {title, ready, max_text_bytes, conversations}` | the whole list, newest first |
//! | `denied {reason}` | the token is missing or wrong; the connection closes |
//! | `status {ready}` | whether the gateway takes messages now |
//! | `conversation {chat, title, updated}`, `deleted {chat}` | one row of the list changed |
//! | `history {chat, reset, earlier, messages, streams}` | what `open` asked for, with the whole text so far of open streams; `reset`: it replaces what the page holds |
//! | `earlier {chat, messages, earlier}` | older messages, and whether there are more |
//! | `message {chat, message, stream?}` | a stored message; it replaces the stream, if one is named |
//! | `piece {chat, stream, offset, text}` | streamed text; `offset` counts UTF-16 units, as browsers do, so that a page sees a gap and opens again |
//! | `stream_end {chat, stream}` | a stream that left no message |
//! | `progress {chat, kind, text}` | what the agent is doing; not stored |
//! | `accepted {chat, id}` | stored by the gateway |
//! | `refused {chat, id, reason, text, retry_after_ms?}` | not stored: `denied`, `overloaded`, `not_ready`, `rejected` or `failed` |
//! | `error {text}`, `pong` | a frame that could not be served; the answer to `ping` |
//!
//! `history` and the pieces after it fit without a gap, so a page that reconnects in mid-stream ends
//! with each character exactly once. A page that reads too slowly is disconnected, never waited for.
#![warn(missing_docs)]

mod access;
mod channel;
mod commands;
mod config;
mod connections;
mod conversation_id;
mod deliver;
mod entry;
mod http;
mod hub;
mod intake;
mod lock;
mod options;
mod page;
mod protocol;
mod socket;
mod store;
mod streams;
mod transcript;

pub use access::{Access, Forbidden};
pub use channel::WebChannel;
pub use config::WebConfig;
pub use hub::WebHub;
pub use options::{HubOptions, Limits};
