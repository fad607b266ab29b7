//! Discord for nanobot: a built-in channel over Discord's [gateway] and [HTTP API].
//!
//! [`DiscordConfig`] is the section `channels.discord` and makes the channel. Messages come over the
//! gateway, a WebSocket; answers go out over HTTP, as the Markdown that Discord understands.
//!
//! # Nothing is lost
//!
//! Discord keeps all messages, so its history is what the channel can always go back to.
//! `cursors.json` holds for each channel the last message that the gateway has stored or that needed
//! nothing. What came while no connection was there, or faster than the gateway took it, is read
//! from the history behind that place, up to a day back. The event id is the id of the message, so
//! what comes twice is one message.
//!
//! # Nothing is doubled
//!
//! What was sent is noted in `deliveries.jsonl` after Discord answered. A repeated delivery edits the
//! messages noted there. Where a crash came before the note, the nonce of the message makes Discord
//! answer with the message that is there already, for a few minutes; after that the channel's history
//! is searched for it, which needs the permission to read it.
//!
//! # Where to look
//!
//! | module | what |
//! |---|---|
//! | `config` | the section, and what it means |
//! | `gateway` | the WebSocket: identify, heartbeat, resume, reasons for its end |
//! | `api` | calls of the HTTP API, their rate limits, and what refusals mean |
//! | `receive` | from events to messages, missed messages, slash commands |
//! | `send` | messages, files and streams out, reactions and the typing sign |
//! | `format` | Markdown to what Discord shows, in parts that fit |
//!
//! [gateway]: https://docs.discord.com/developers/events/gateway
//! [HTTP API]: https://docs.discord.com/developers/reference#http-api
#![warn(missing_docs)]

mod api;
mod channel;
mod config;
mod format;
mod gateway;
mod receive;
mod send;

pub use config::DiscordConfig;
pub use nanobot_channel_kit::GroupPolicy;
