//! From Telegram's updates to messages for the gateway.

mod addressing;
mod backlog;
mod connect;
mod cursor;
mod inbound;
mod intake;
mod media;
mod poll;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{Account, ChannelContext, ChannelError, ChannelState, ChannelStatus};
use nanobot_channel_kit::now_ms;

use crate::api::{Api, User};
use crate::config::{EditedMessages, TelegramConfig, UpdateMode};
use crate::send::Speaker;

/// Kinds of updates that are asked for.
const MESSAGES: &[&str] = &["message", "channel_post"];
const MESSAGES_AND_EDITS: &[&str] =
    &["message", "channel_post", "edited_message", "edited_channel_post"];

/// The receiving side while the channel runs.
pub(crate) struct Receiver {
    pub(crate) cx: ChannelContext,
    pub(crate) api: Arc<Api>,
    pub(crate) config: Arc<TelegramConfig>,
    /// For reactions and the typing sign.
    pub(crate) speaker: Arc<Speaker>,
    /// The bot itself, known after [`connect`](Self::connect).
    me: User,
}

/// Receives until the channel shall stop.
///
/// # Errors
///
/// Kind `Auth` if the token is wrong. Everything else is waited out.
pub(crate) async fn run(
    cx: ChannelContext,
    api: Arc<Api>,
    config: Arc<TelegramConfig>,
    speaker: Arc<Speaker>,
) -> Result<(), ChannelError> {
    let mut receiver = Receiver { cx, api, config, speaker, me: User::default() };
    let Some(me) = receiver.connect().await? else { return Ok(()) };
    receiver.me = me;
    match receiver.config.mode {
        UpdateMode::Polling => poll::run(&receiver).await,
        UpdateMode::Webhook => webhook::run(Arc::new(receiver)).await,
    }
}

impl Receiver {
    fn allowed_updates(&self) -> &'static [&'static str] {
        match self.config.edited_messages {
            EditedMessages::Ignore => MESSAGES,
            EditedMessages::Answer => MESSAGES_AND_EDITS,
        }
    }

    /// Waits; false if the channel shall stop.
    async fn pause(&self, time: Duration) -> bool {
        nanobot_channel_kit::pause(&self.cx, time).await
    }

    /// Tells the gateway that Telegram answers.
    fn report_connected(&self, heard: bool) {
        let name = self.me.username.as_deref().map(|name| format!("@{name}"));
        self.cx.report(ChannelStatus {
            message: name.clone(),
            account: Some(Account { id: self.me.id.to_string(), display_name: name }),
            last_event_ms: heard.then(now_ms),
            last_success_ms: Some(now_ms()),
            ..ChannelState::Connected.into()
        });
    }
}
