//! Telegram for nanobot: a built-in channel over the [Bot API].
//!
//! [`TelegramConfig`] is the section `channels.telegram` and makes the channel. Updates come by long
//! polling, or by webhook if the config says so; answers go out as Telegram's HTML.
//!
//! # Nothing is lost
//!
//! The offset of `getUpdates` is what tells Telegram to forget an update, so it moves only past
//! updates that the gateway has stored. After a crash the rest is received again, under the same
//! event ids. With a webhook the same holds for the answer `200`.
//!
//! # What cannot be known
//!
//! The Bot API has no idempotency key. What is about to be sent is noted in `deliveries.jsonl` before,
//! and what was sent after Telegram answered, so a repeated delivery edits the messages noted there
//! instead of sending them again, and an answer that a crash cut off goes on in its message.
//! A crash between Telegram's taking a message and the note leaves the outcome unknown: then the
//! message is sent again and says so, and the channel does not claim to deduplicate.
//!
//! # Where to look
//!
//! | module | what |
//! |---|---|
//! | `config` | the section, and what it means |
//! | `api` | calls of the Bot API, and what its refusals mean |
//! | `receive` | polling, webhook, from update to message |
//! | `send` | messages, files and streams out |
//! | `format` | Markdown to Telegram's HTML, in parts that fit |
//!
//! [Bot API]: https://core.telegram.org/bots/api
#![warn(missing_docs)]

mod api;
mod channel;
mod config;
mod format;
mod receive;
mod send;

pub use config::{EditedMessages, StreamMode, TelegramConfig, UpdateMode};
pub use nanobot_channel_kit::GroupPolicy;
