//! The WebSocket that events come over. See [Discord/gateway].
//!
//! [Discord/gateway]: https://docs.discord.com/developers/events/gateway

mod closed;
mod connect;
mod connection;
mod heartbeat;
mod payload;

use std::sync::Arc;

use secrecy::SecretString;

use crate::api::{Channel, Guild, Interaction, Message, Ready};

pub(crate) use closed::Closed;
pub(crate) use connect::GatewayError;
pub(crate) use connection::Connection;

/// Who connects, and what for.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) token: SecretString,
    pub(crate) intents: u64,
    pub(crate) proxy: Option<SecretString>,
}

/// A session that can be resumed on another connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: String,
    /// Where to resume it.
    pub(crate) url: String,
    /// Number of the last event that was received.
    pub(crate) sequence: u64,
}

/// What a connection brings.
#[derive(Debug)]
pub(crate) enum Event {
    /// A session has begun.
    Ready(Box<Ready>),
    /// A session goes on; what was missed has been received.
    Resumed,
    Message(Box<Message>),
    Interaction(Box<Interaction>),
    /// A server with its channels, at the start or when the bot is added to it.
    Guild(Box<Guild>),
    /// A channel or thread that is new or changed.
    Channel(Box<Channel>),
    /// Threads that are new to the bot.
    Threads(Vec<Channel>),
    /// A heartbeat was answered.
    Alive,
    /// Something that nobody needs.
    Nothing,
}

impl Identity {
    pub(crate) fn new(token: &str, intents: u64, proxy: Option<&str>) -> Arc<Self> {
        Arc::new(Self { token: token.into(), intents, proxy: proxy.map(SecretString::from) })
    }
}

/// Without the token and the proxy's password.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("intents", &self.intents).finish_non_exhaustive()
    }
}
