use std::time::Duration;

/// What a channel says about its connection to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelStatus {
    /// The state itself.
    pub state: ChannelState,
    /// One line for people, e.g. why it is retrying.
    pub message: Option<String>,
    /// When the channel will try again, in state `Retrying`.
    pub retry_in: Option<Duration>,
    /// Who the agent is on the platform, once known.
    pub account: Option<Account>,
    /// When the platform last sent anything, in milliseconds since 1970.
    pub last_event_ms: Option<u64>,
    /// When a call to the platform last succeeded, in milliseconds since 1970.
    pub last_success_ms: Option<u64>,
}

/// Connection state of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelState {
    /// Not there yet.
    Connecting,
    /// Receives messages.
    Connected,
    /// Lost the platform and tries again by itself.
    Retrying,
    /// Needs `nanobot channels login`, or another token.
    LoginRequired,
    /// Has given up.
    Failed,
}

/// Who the agent is on the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The platform's stable id.
    pub id: String,
    /// Name to show.
    pub display_name: Option<String>,
}

impl From<ChannelState> for ChannelStatus {
    fn from(state: ChannelState) -> Self {
        Self {
            state,
            message: None,
            retry_in: None,
            account: None,
            last_event_ms: None,
            last_success_ms: None,
        }
    }
}

impl ChannelStatus {
    /// The channel receives messages.
    #[must_use]
    pub fn connected(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..ChannelState::Connected.into() }
    }

    /// The channel lost the platform and tries again after `retry_in`.
    #[must_use]
    pub fn retrying(message: impl Into<String>, retry_in: Duration) -> Self {
        Self {
            message: Some(message.into()),
            retry_in: Some(retry_in),
            ..ChannelState::Retrying.into()
        }
    }
}
