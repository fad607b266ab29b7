//! Calls of the Bot API. See [Bot API/making requests].
//!
//! [Bot API/making requests]: https://core.telegram.org/bots/api#making-requests

mod error;
mod file;
mod methods;
mod types;

use std::sync::OnceLock;
use std::time::Duration;

use nanobot_channel::ChannelError;
use nanobot_channel_kit::asked_pause;
use reqwest::multipart::Form;
use reqwest::{Client, Proxy, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::{PUBLIC_API, TelegramConfig};

pub(crate) use error::ApiError;
pub(crate) use methods::{
    ChatRef, EditText, GetUpdates, HTML, ReplyParameters, SendDraft, SendMessage, SetWebhook,
};
pub(crate) use types::{
    Chat, Entity, File, FileId, Location, Message, PhotoSize, Sent, Update, User,
};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// Below the limit of the gateway for one delivery, so that the more precise error comes first.
const UPLOAD_LIMIT: Duration = Duration::from_secs(110);
const IDLE_CONNECTION: Duration = Duration::from_secs(30);
/// Longest answer that is read; a hundred updates take a few hundred kilobytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// The Bot API for one token.
pub(crate) struct Api {
    root: String,
    token: SecretString,
    proxy: Option<SecretString>,
    /// True for a local Bot API server.
    is_own_server: bool,
    client: OnceLock<Client>,
}

/// What every answer looks like.
#[derive(Deserialize)]
struct Answer<T> {
    #[serde(default)]
    ok: bool,
    result: Option<T>,
    error_code: Option<u16>,
    description: Option<String>,
    #[serde(default)]
    parameters: Parameters,
}

/// See [Bot API/ResponseParameters](https://core.telegram.org/bots/api#responseparameters).
#[derive(Default, Deserialize)]
struct Parameters {
    /// In seconds.
    retry_after: Option<f64>,
    migrate_to_chat_id: Option<i64>,
}

impl Api {
    pub(crate) fn new(config: &TelegramConfig) -> Self {
        let proxy = config.proxy.as_deref().map(str::trim).filter(|proxy| !proxy.is_empty());
        Self {
            root: config.api_root().to_owned(),
            token: config.token.trim().into(),
            proxy: proxy.map(SecretString::from),
            is_own_server: config.api_root() != PUBLIC_API,
            client: OnceLock::new(),
        }
    }

    /// The number before the colon: the bot's own id.
    pub(crate) fn bot_id(&self) -> &str {
        self.token.expose_secret().split(':').next().unwrap_or_default()
    }

    /// Largest file that is taken.
    /// See [Bot API/sending files](https://core.telegram.org/bots/api#sending-files) and
    /// [Bot API/local server](https://core.telegram.org/bots/api#using-a-local-bot-api-server).
    pub(crate) fn max_upload_bytes(&self) -> u64 {
        let megabytes = if self.is_own_server { 2000 } else { 50 };
        megabytes * 1024 * 1024
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.call_within(CALL_LIMIT, method, params).await
    }

    async fn call_within<T: DeserializeOwned>(
        &self,
        limit: Duration,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, ApiError> {
        let request = self.client()?.post(self.method_url(method)).json(params);
        read(request.timeout(limit)).await
    }

    /// Calls a method with files. See [Bot API/sending files].
    ///
    /// [Bot API/sending files]: https://core.telegram.org/bots/api#sending-files
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        method: &str,
        form: Form,
    ) -> Result<T, ApiError> {
        let request = self.client()?.post(self.method_url(method)).multipart(form);
        read(request.timeout(UPLOAD_LIMIT)).await
    }

    fn method_url(&self, method: &str) -> String {
        format!("{}/bot{}/{method}", self.root, self.token.expose_secret())
    }

    fn file_url(&self, path: &str) -> String {
        format!("{}/file/bot{}/{path}", self.root, self.token.expose_secret())
    }

    fn client(&self) -> Result<&Client, ApiError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.build_client()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// The one place that builds the client, when it is first needed: it reads the system's
    /// certificates, and that takes longer than the rest of the start.
    fn build_client(&self) -> Result<Client, ApiError> {
        // Building a client panics when no TLS provider is installed. It fails if there is one
        // already, which is as well.
        let _already_installed = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            // A connection that the other side has closed meanwhile costs a message whose outcome
            // is unknown.
            .pool_idle_timeout(IDLE_CONNECTION)
            .tcp_nodelay(true)
            // A redirect could carry the token to another host.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("nanobot/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &self.proxy {
            let proxy = Proxy::all(proxy.expose_secret()).map_err(|_| ApiError::Proxy)?;
            builder = builder.proxy(proxy);
        } else if is_loopback(&self.root) {
            builder = builder.no_proxy();
        }
        builder.build().map_err(ApiError::transport)
    }
}

/// Checks at the start what would fail at the first call.
pub(crate) fn check_proxy(config: &TelegramConfig) -> Result<(), ChannelError> {
    let Some(proxy) = config.proxy.as_deref().map(str::trim).filter(|proxy| !proxy.is_empty())
    else {
        return Ok(());
    };
    let is_http = Url::parse(proxy).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_http && Proxy::all(proxy).is_ok() {
        return Ok(());
    }
    // Without the cause, which may repeat the password in the address.
    Err(ChannelError::invalid("channels.telegram.proxy is not an http or https address")
        .with_hint("SOCKS proxies are not supported; most of them offer HTTP too"))
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ApiError> {
    let mut response = request.send().await.map_err(ApiError::transport)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ApiError::transport)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(ApiError::Unreadable { status });
        }
        body.extend_from_slice(&chunk);
    }
    judge(status, &body)
}

fn judge<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, ApiError> {
    let Ok(answer) = serde_json::from_slice::<Answer<T>>(body) else {
        return Err(ApiError::Unreadable { status });
    };
    match answer.result {
        Some(result) if answer.ok => Ok(result),
        _ => Err(ApiError::Refused {
            code: answer.error_code.unwrap_or(status),
            description: answer.description.unwrap_or_default(),
            retry_after: answer.parameters.retry_after.and_then(asked_pause),
            migrate_to: answer.parameters.migrate_to_chat_id,
        }),
    }
}

fn is_loopback(root: &str) -> bool {
    let url = Url::parse(root).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Without the token and the proxy's password.
impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_that_is_longer_than_a_day_is_a_day() {
        let body = serde_json::json!({
            "ok": false, "error_code": 429, "parameters": {"retry_after": u64::MAX}
        });
        let error = judge::<Sent>(429, body.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(24 * 60 * 60)));
    }
}
