//! Calls of the Bot API. See [Bot API/making requests].
//!
//! [Bot API/making requests]: https://core.telegram.org/bots/api#making-requests

mod error;
mod file;
mod methods;
mod types;

use std::time::Duration;

use nanobot_channel_kit::{HttpClient, asked_pause, body_within};
use reqwest::multipart::Form;
use reqwest::{Client, RequestBuilder};
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

const CALL_LIMIT: Duration = Duration::from_secs(30);
/// Below the limit of the gateway for one delivery, so that the more precise error comes first.
const UPLOAD_LIMIT: Duration = Duration::from_secs(110);
const USER_AGENT: &str = concat!("nanobot/", env!("CARGO_PKG_VERSION"));
/// Longest answer that is read; a hundred updates take a few hundred kilobytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// The Bot API for one token.
pub(crate) struct Api {
    root: String,
    token: SecretString,
    /// True for a local Bot API server.
    is_own_server: bool,
    client: HttpClient,
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
        Self {
            root: config.api_root().to_owned(),
            token: config.token.trim().into(),
            is_own_server: config.api_root() != PUBLIC_API,
            client: HttpClient::new(config.api_root(), config.proxy(), USER_AGENT),
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
        Ok(self.client.get()?)
    }
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ApiError> {
    let response = request.send().await.map_err(ApiError::transport)?;
    let status = response.status().as_u16();
    let body = body_within(response, MAX_ANSWER_BYTES).await.map_err(ApiError::transport)?;
    let body = body.ok_or(ApiError::Unreadable { status })?;
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
