//! The channel trait of nanobot and the messages that cross it.
//!
//! A *channel* is a configured connection to a chat platform. Everything a channel is asked to do is
//! in [`Channel`], everything it may touch is in [`ChannelContext`], and everything it says about
//! itself is in [`ChannelConfig`]. The gateway cannot tell a channel that is linked in from one that
//! lives in a process of its own; nothing in this crate depends on that difference, and nothing in
//! it does I/O.
//!
//! Coming from a Python channel, the names map like this:
//!
//! | Python | here |
//! |---|---|
//! | `start()` | [`Channel::run`] |
//! | `stop()` | [`ChannelContext::shutdown`] is cancelled |
//! | `send(msg)` | [`Channel::send`] |
//! | `send_delta(chat_id, delta, metadata)` | [`Channel::send_delta`] |
//! | `login(force)` | [`Channel::login`] |
//! | `_handle_message(…)` | [`ChannelContext::handle_message`] |
//! | `is_allowed(sender_id)` | [`ChannelContext::is_allowed`] |
//! | `transcribe_audio(path)` | [`ChannelContext::transcribe_audio`] |
//! | `bus.publish_outbound(msg)` | [`ChannelContext::publish`] |
//! | `default_config()` | [`ChannelConfig`]'s `Default` |
//! | `supports_streaming` | [`Capabilities::streaming`] and `"streaming": true` in the config |
#![warn(missing_docs)]

mod attachment;
mod capabilities;
mod channel;
mod config;
mod context;
mod delta;
mod error;
mod inbound;
mod login;
mod outbound;
mod publication;
mod status;

pub use async_trait::async_trait;
pub use attachment::{Attachment, AttachmentKind, Location};
pub use capabilities::Capabilities;
pub use channel::Channel;
pub use config::{ChannelConfig, Description, describe, parse_config};
pub use context::{ChannelContext, Inbox, Offers};
pub use delta::{Delta, StreamEnd, StreamOutcome};
pub use error::{ChannelError, ErrorKind};
pub use inbound::{Acceptance, ChatKind, InboundMessage, Sender};
pub use login::{LoginContext, LoginPrompt, LoginUi};
pub use outbound::{OutboundKind, OutboundMessage, Receipt};
pub use publication::Publication;
pub use status::{Account, ChannelState, ChannelStatus};

/// Free-form data that travels with a message, as a JSON object.
pub type Metadata = serde_json::Map<String, serde_json::Value>;
