use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{Capabilities, Channel, ChannelConfig, ChannelError};
use nanobot_channel_kit::{GroupPolicy, given, is_address, is_proxy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::TelegramChannel;

/// Where the Bot API is, unless `apiBase` says otherwise.
pub(crate) const PUBLIC_API: &str = "https://api.telegram.org";

/// The section `channels.telegram` of the config.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TelegramConfig {
    /// Token from @BotFather, `123456:ABC…`.
    pub token: String,
    /// `polling` asks Telegram for updates; `webhook` has Telegram call `webhookUrl`.
    pub mode: UpdateMode,
    /// HTTP proxy for all calls, e.g. `http://user:password@host:3128`.
    pub proxy: Option<String>,
    /// Address of a local Bot API server, e.g. `http://127.0.0.1:8081`.
    pub api_base: Option<String>,
    /// Largest file that is fetched, in megabytes. The public Bot API hands out files of up to 20;
    /// a local server has no limit of its own.
    pub max_download_mb: u16,
    /// Quote the message that is being answered.
    pub reply_to_message: bool,
    /// Reaction that says a message has arrived; empty for none.
    pub react_emoji: String,
    /// Reaction that says the message is answered, in place of the first; empty for none.
    pub done_emoji: String,
    /// When the agent answers in groups.
    pub group_policy: GroupPolicy,
    /// What to do when a person changes a message that was answered.
    pub edited_messages: EditedMessages,
    /// Show answers while they are written.
    pub streaming: bool,
    /// How an answer is shown while it is written, in private chats; in groups it is always `edit`.
    pub stream_mode: StreamMode,
    /// Seconds between two edits of a streamed answer; without it 1, and 3 in groups, which
    /// Telegram limits to 20 messages a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_edit_interval: Option<f64>,
    /// Public https address that Telegram calls, in mode `webhook`.
    pub webhook_url: String,
    /// Address that the webhook listens on.
    pub webhook_listen_host: String,
    /// Port that the webhook listens on.
    pub webhook_listen_port: u16,
    /// Path that the webhook listens on.
    pub webhook_path: String,
    /// Secret that Telegram repeats in each call: 1 to 256 letters, digits, `_` and `-`.
    pub webhook_secret_token: String,
    /// Most calls of Telegram at a time.
    pub webhook_max_connections: u8,
}

/// How updates come in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpdateMode {
    /// The channel asks Telegram.
    #[default]
    Polling,
    /// Telegram calls the channel.
    Webhook,
}

/// What to do when a person changes a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EditedMessages {
    /// Nothing: the agent has answered the first version by then.
    #[default]
    Ignore,
    /// The new version is a message of its own, marked as edited.
    Answer,
}

/// How an answer is shown while it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreamMode {
    /// As a message that is edited again and again.
    #[default]
    Edit,
    /// As Telegram's own preview of a message that is being written. Where Telegram does not offer
    /// it, as with `edit`.
    Draft,
}

impl Default for TelegramConfig {
    fn default() -> Self {
        Self {
            token: String::new(),
            mode: UpdateMode::Polling,
            proxy: None,
            api_base: None,
            max_download_mb: 20,
            reply_to_message: false,
            react_emoji: "👀".to_owned(),
            done_emoji: String::new(),
            group_policy: GroupPolicy::Mention,
            edited_messages: EditedMessages::Ignore,
            streaming: true,
            stream_mode: StreamMode::Edit,
            stream_edit_interval: None,
            webhook_url: String::new(),
            webhook_listen_host: "127.0.0.1".to_owned(),
            webhook_listen_port: 8081,
            webhook_path: "/telegram".to_owned(),
            webhook_secret_token: String::new(),
            webhook_max_connections: 4,
        }
    }
}

/// Without the token, the secret and the proxy's password.
impl std::fmt::Debug for TelegramConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TelegramConfig")
            .field("mode", &self.mode)
            .field("group_policy", &self.group_policy)
            .field("streaming", &self.streaming)
            .finish_non_exhaustive()
    }
}

impl ChannelConfig for TelegramConfig {
    const NAME: &'static str = "telegram";
    const DISPLAY_NAME: &'static str = "Telegram";
    /// `deduplicates` is false although repeated deliveries are recognised: the Bot API has no
    /// idempotency key, so a crash between Telegram's taking a message and the note of it doubles
    /// the message.
    const CAPABILITIES: Capabilities =
        Capabilities { streaming: true, login: false, deduplicates: false };

    fn build(self) -> Result<Arc<dyn Channel>, ChannelError> {
        self.check()?;
        Ok(Arc::new(TelegramChannel::new(self)))
    }
}

impl TelegramConfig {
    /// Address of the Bot API without a slash at its end. The original's library wants `/bot` at
    /// the end of it, so that is taken too.
    pub(crate) fn api_root(&self) -> &str {
        let root = given(self.api_base.as_deref()).unwrap_or(PUBLIC_API).trim_end_matches('/');
        root.strip_suffix("/bot").unwrap_or(root)
    }

    pub(crate) fn proxy(&self) -> Option<&str> {
        given(self.proxy.as_deref())
    }

    pub(crate) fn max_download_bytes(&self) -> u64 {
        u64::from(self.max_download_mb) * 1024 * 1024
    }

    /// Least time between two edits of a stream in this chat.
    pub(crate) fn edit_interval(&self, is_group: bool) -> Duration {
        let fallback = if is_group { 3.0 } else { 1.0 };
        let seconds = self.stream_edit_interval.unwrap_or(fallback);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(1))
    }

    fn check(&self) -> Result<(), ChannelError> {
        check_token(&self.token)?;
        check_address("apiBase", self.api_root(), &["http", "https"])?;
        if !(1..=2000).contains(&self.max_download_mb) {
            return Err(invalid("maxDownloadMb is not between 1 and 2000 megabytes"));
        }
        if self.stream_edit_interval.is_some_and(|seconds| !(0.0..=60.0).contains(&seconds)) {
            return Err(invalid("streamEditInterval is not between 0 and 60 seconds"));
        }
        if self.proxy().is_some_and(|proxy| !is_proxy(proxy)) {
            // Without the cause, which may repeat the password in the address.
            return Err(invalid("proxy is not an http or https address")
                .with_hint("SOCKS proxies are not supported; most of them offer HTTP too"));
        }
        match self.mode {
            UpdateMode::Polling => Ok(()),
            UpdateMode::Webhook => self.check_webhook(),
        }
    }

    fn check_webhook(&self) -> Result<(), ChannelError> {
        check_address("webhookUrl", self.webhook_url.trim(), &["https"])?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.');
        if !self.webhook_path.starts_with('/') || !self.webhook_path.chars().all(is_plain) {
            return Err(invalid("webhookPath is not a slash and letters, digits, _, - and ."));
        }
        let secret = &self.webhook_secret_token;
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !(1..=256).contains(&secret.len()) || !secret.chars().all(is_fit) {
            let problem = "webhookSecretToken is not 1 to 256 letters, digits, _ and -";
            return Err(invalid(problem)
                .with_hint("without it anybody who finds the address could write to the agent"));
        }
        Ok(())
    }
}

fn invalid(problem: &str) -> ChannelError {
    ChannelError::invalid(format!("channels.telegram.{problem}"))
}

fn check_token(token: &str) -> Result<(), ChannelError> {
    let hint = "get one from @BotFather and put it into channels.telegram.token";
    if token.trim().is_empty() {
        return Err(invalid("token is missing").with_hint(hint));
    }
    // The token becomes part of an address, so nothing else may get into it.
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_token = token.trim().split_once(':').is_some_and(|(id, secret)| {
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && !secret.is_empty()
            && secret.chars().all(is_fit)
    });
    if is_token {
        Ok(())
    } else {
        Err(invalid("token is not of the form 123456:ABC").with_hint(hint))
    }
}

fn check_address(key: &str, address: &str, schemes: &[&str]) -> Result<(), ChannelError> {
    if is_address(address, schemes) {
        return Ok(());
    }
    Err(invalid(&format!("{key} is not an {} address", schemes.join(" or "))))
}

#[cfg(test)]
mod tests;
