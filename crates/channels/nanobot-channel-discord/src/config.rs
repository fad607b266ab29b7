use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{Capabilities, Channel, ChannelConfig, ChannelError};
use nanobot_channel_kit::{GroupPolicy, given, is_address, is_proxy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::DiscordChannel;

/// Where the HTTP API is, unless `apiBase` says otherwise.
/// See [Discord/API reference](https://docs.discord.com/developers/reference#api-versioning).
pub(crate) const PUBLIC_API: &str = "https://discord.com/api/v10";

/// `GUILDS`, `GUILD_MESSAGES`, `DIRECT_MESSAGES` and `MESSAGE_CONTENT`.
/// See [Discord/gateway intents](https://docs.discord.com/developers/events/gateway#list-of-intents).
const INTENTS: u64 = 37377;

/// The section `channels.discord` of the config.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscordConfig {
    /// Token of the bot, from the page "Bot" of the developer portal.
    pub token: String,
    /// Gateway intents as one number; the default is messages with their text, in servers and in
    /// private.
    pub intents: u64,
    /// When the agent answers in servers.
    pub group_policy: GroupPolicy,
    /// Channels of servers to listen in, by id; a channel includes its threads. Without any, all.
    pub allow_channels: Vec<String>,
    /// Reaction that says a message has arrived; empty for none.
    pub read_receipt_emoji: String,
    /// Reaction that says the agent is still at work; empty for none.
    pub working_emoji: String,
    /// Seconds until that reaction is given.
    pub working_emoji_delay: f64,
    /// Show answers while they are written.
    pub streaming: bool,
    /// Seconds between two edits of a streamed answer.
    pub stream_edit_interval: f64,
    /// HTTP proxy for all connections, e.g. `http://user:password@host:3128`.
    pub proxy: Option<String>,
    /// Address of another server that speaks Discord's HTTP API, with its version.
    pub api_base: Option<String>,
}

impl Default for DiscordConfig {
    fn default() -> Self {
        Self {
            token: String::new(),
            intents: INTENTS,
            group_policy: GroupPolicy::Mention,
            allow_channels: Vec::new(),
            read_receipt_emoji: "👀".to_owned(),
            working_emoji: "🔧".to_owned(),
            working_emoji_delay: 2.0,
            streaming: true,
            stream_edit_interval: 1.0,
            proxy: None,
            api_base: None,
        }
    }
}

/// Without the token and the proxy's password.
impl std::fmt::Debug for DiscordConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiscordConfig")
            .field("intents", &self.intents)
            .field("group_policy", &self.group_policy)
            .field("streaming", &self.streaming)
            .finish_non_exhaustive()
    }
}

impl ChannelConfig for DiscordConfig {
    const NAME: &'static str = "discord";
    const DISPLAY_NAME: &'static str = "Discord";
    /// `deduplicates` is true: Discord itself recognises the nonce of a message for some minutes,
    /// and after that a repeated delivery is looked for in the channel before it is sent.
    const CAPABILITIES: Capabilities =
        Capabilities { streaming: true, login: false, deduplicates: true };

    fn build(self) -> Result<Arc<dyn Channel>, ChannelError> {
        self.check()?;
        Ok(Arc::new(DiscordChannel::new(self)))
    }
}

impl DiscordConfig {
    /// Address of the HTTP API without a slash at its end.
    pub(crate) fn api_root(&self) -> &str {
        given(self.api_base.as_deref()).unwrap_or(PUBLIC_API).trim_end_matches('/')
    }

    pub(crate) fn proxy(&self) -> Option<&str> {
        given(self.proxy.as_deref())
    }

    /// The token, which some people copy with the word that goes before it in a request.
    pub(crate) fn bare_token(&self) -> &str {
        let token = self.token.trim();
        token.strip_prefix("Bot ").unwrap_or(token).trim()
    }

    /// Least time between two edits of a stream.
    pub(crate) fn edit_interval(&self) -> Duration {
        Duration::try_from_secs_f64(self.stream_edit_interval).unwrap_or(Duration::from_secs(1))
    }

    /// Time until the working emoji.
    pub(crate) fn working_delay(&self) -> Duration {
        Duration::try_from_secs_f64(self.working_emoji_delay).unwrap_or(Duration::from_secs(2))
    }

    fn check(&self) -> Result<(), ChannelError> {
        check_token(self.bare_token())?;
        if !is_address(self.api_root(), &["http", "https"]) {
            return Err(invalid("apiBase is not an http or https address"));
        }
        if self.proxy().is_some_and(|proxy| !is_proxy(proxy)) {
            // Without the cause, which may repeat the password in the address.
            return Err(invalid("proxy is not an http or https address")
                .with_hint("SOCKS proxies are not supported; most of them offer HTTP too"));
        }
        check_seconds("streamEditInterval", self.stream_edit_interval)?;
        check_seconds("workingEmojiDelay", self.working_emoji_delay)?;
        if self.intents == 0 || self.intents >= 1 << 53 {
            return Err(invalid("intents is not a number of intents")
                .with_hint(format!("leave it out, or set it to {INTENTS}")));
        }
        let is_id = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        match self.allow_channels.iter().find(|id| !is_id(id)) {
            None => Ok(()),
            Some(_) => Err(invalid("allowChannels holds what is no channel id").with_hint(
                "switch on Developer Mode in Discord's settings, then copy the id from the \
                 channel's menu",
            )),
        }
    }
}

fn invalid(problem: &str) -> ChannelError {
    ChannelError::invalid(format!("channels.discord.{problem}"))
}

fn check_token(token: &str) -> Result<(), ChannelError> {
    let hint = "get one at https://discord.com/developers/applications, page Bot, and put it into \
                channels.discord.token";
    if token.is_empty() {
        return Err(invalid("token is missing").with_hint(hint));
    }
    // The token becomes a header, so nothing else may get into it.
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if token.chars().all(is_fit) {
        return Ok(());
    }
    Err(invalid("token has characters that no token has").with_hint(hint))
}

fn check_seconds(key: &str, seconds: f64) -> Result<(), ChannelError> {
    if (0.0..=60.0).contains(&seconds) {
        return Ok(());
    }
    Err(invalid(&format!("{key} is not between 0 and 60 seconds")))
}

#[cfg(test)]
mod tests {
    use nanobot_channel::{ErrorKind, describe, parse_config};
    use serde_json::{Value, json};

    use super::*;

    fn config() -> DiscordConfig {
        DiscordConfig { token: "MTIz.abc.DEF-_4".to_owned(), ..DiscordConfig::default() }
    }

    #[test]
    fn default_section_is_disabled_and_parses_again() {
        let section = describe::<DiscordConfig>("1.0.0").default_config;
        let expected = json!({
            "enabled": false, "token": "", "intents": 37377, "groupPolicy": "mention",
            "allowChannels": [], "readReceiptEmoji": "👀", "workingEmoji": "🔧",
            "workingEmojiDelay": 2.0, "streaming": true, "streamEditInterval": 1.0,
            "proxy": null, "apiBase": null, "allowFrom": []
        });
        assert_eq!(Value::Object(section.clone()), expected);
        assert_eq!(parse_config::<DiscordConfig>(section).unwrap(), DiscordConfig::default());
    }

    #[test]
    fn section_of_the_original_is_taken_as_it_is() {
        let section = json!({
            "enabled": true, "token": "Bot MTIz.abc.DEF", "allow_from": ["1"], "intents": 37377,
            "group_policy": "open", "read_receipt_emoji": "", "working_emoji_delay": 5
        });
        let Value::Object(section) = section else { panic!("an object") };
        let config = parse_config::<DiscordConfig>(section).unwrap();
        assert_eq!(config.group_policy, GroupPolicy::Open);
        assert_eq!(config.bare_token(), "MTIz.abc.DEF");
        assert_eq!(config.working_delay(), Duration::from_secs(5));
        assert!(config.build().is_ok());
    }

    #[track_caller]
    fn check_refused(config: DiscordConfig, problem: &str) {
        let error = config.build().err().expect("the config is refused");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(problem), "{error}");
    }

    #[test]
    fn config_that_cannot_work_is_refused_with_its_key() {
        check_refused(DiscordConfig::default(), "token is missing");
        check_refused(DiscordConfig { token: "a\r\nb".into(), ..config() }, "token has");
        check_refused(DiscordConfig { api_base: Some("ftp://a".into()), ..config() }, "apiBase");
        check_refused(DiscordConfig { proxy: Some("socks5://a".into()), ..config() }, "proxy");
        check_refused(DiscordConfig { stream_edit_interval: -1.0, ..config() }, "streamEdit");
        check_refused(DiscordConfig { working_emoji_delay: 1e9, ..config() }, "workingEmojiDelay");
        check_refused(DiscordConfig { intents: 0, ..config() }, "intents");
        let channels = vec!["#general".to_owned()];
        check_refused(DiscordConfig { allow_channels: channels, ..config() }, "allowChannels");
    }

    #[test]
    fn token_is_not_in_the_debug_output() {
        assert!(!format!("{:?}", config()).contains("abc"));
    }
}
