//! Wire types of the nanobot plugin protocol, version 1.
//!
//! The specification is `protocol/README.md` in the repository; these types are its letter. They do
//! no I/O and know nothing of the gateway, so that other hosts and tools can use them.
//!
//! - [`line`](mod@line) is the JSON-RPC 2.0 frame that every line carries.
//! - [`method`] ties a method's name to its parameters and its answer, and lists all of them.
//! - the other modules hold the parameters and answers, by the part of a plugin's life they belong to.
#![warn(missing_docs)]

mod error;
mod handshake;
pub mod line;
mod login;
mod message;
pub mod method;
mod running;
mod schema;
mod service;
mod stream;

pub use error::{ErrorData, ErrorKind, ErrorObject};
pub use handshake::{
    ChannelInfo, Empty, HostCapabilities, Initialize, InitializeAnswer, Limits, PluginCapabilities,
    Product, StreamingCapability,
};
pub use login::{
    ChannelLogin, ChannelLoginAnswer, LoginInput, LoginInputAnswer, LoginPrompt, LoginPromptKind,
};
pub use message::{
    Attachment, AttachmentKind, Chat, ChatKind, ChatTarget, DeniedReason, MessageKind,
    MessageReceived, MessageReceivedAnswer, MessageSend, MessageSendAnswer, Sender, TextFormat,
};
pub use method::{HostMessage, Messages, Notification, PluginMessage, Request};
pub use running::{
    Account, Cancel, ChannelStart, ChannelState, ChannelStatus, Ping, PingAnswer, SenderCheck,
    SenderCheckAnswer, Shutdown, ShutdownReason,
};
pub use schema::schema;
pub use service::{AudioTranscribe, AudioTranscribeAnswer, MessagePublish};
pub use stream::{StreamAck, StreamDelta, StreamEnd, StreamOutcome, StreamStart};

/// Major versions of the protocol that these types speak, newest first.
pub const PROTOCOL_VERSIONS: &[u32] = &[1];

/// Longest line that either side accepts, in bytes, without the line feed.
pub const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Environment variable that a host sets to `1` for the plugins it starts.
pub const ENV_PLUGIN: &str = "NANOBOT_PLUGIN";

/// Environment variable with the versions that the host speaks, newest first, with commas between.
pub const ENV_PROTOCOL_VERSIONS: &str = "NANOBOT_PROTOCOL_VERSIONS";

/// Exit status of a plugin that was started by hand (`EX_USAGE` of sysexits.h).
pub const EXIT_STARTED_BY_HAND: u8 = 64;

/// Exit status of a plugin that speaks none of the host's versions (`EX_PROTOCOL` of sysexits.h).
pub const EXIT_NO_COMMON_VERSION: u8 = 76;

/// Free-form data, a JSON object.
pub type Metadata = serde_json::Map<String, serde_json::Value>;
