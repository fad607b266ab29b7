//! Calls of Discord's HTTP API. See [Discord/API reference].
//!
//! [Discord/API reference]: https://docs.discord.com/developers/reference

mod error;
mod file;
mod id;
mod limits;
mod methods;
mod route;
mod types;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nanobot_channel_kit::{HttpClient, asked_pause, body_within};
use reqwest::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use reqwest::multipart::Form;
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{DiscordConfig, PUBLIC_API};
use limits::Limits;

pub(crate) use error::{ApiError, TOKEN_HINT, code};
pub(crate) use id::Id;
pub(crate) use methods::{
    ContentEdit, Emoji, MessageReference, NewMessage, NoMentions, Page, UploadedFile,
};
pub(crate) use route::Route;
pub(crate) use types::{
    Attachment, Channel, Guild, Interaction, Member, Message, Ready, SessionStartLimit, User,
};

const CALL_LIMIT: Duration = Duration::from_secs(30);
/// Below the limit of the gateway for one delivery, so that the more precise error comes first.
const UPLOAD_LIMIT: Duration = Duration::from_secs(110);
/// Longest answer that is read; a hundred messages take a few hundred kilobytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Times that a call is made when it meets a rate limit which its headers had not told.
const TRIES: u32 = 3;

/// The form that Discord demands: an address, and the version. The project has no site, and a name
/// under `.invalid` says just that: it can never be anybody's ([RFC 2606]).
/// See [Discord/user agent](https://docs.discord.com/developers/reference#user-agent).
///
/// [RFC 2606]: https://www.rfc-editor.org/rfc/rfc2606#section-2
pub(crate) const USER_AGENT: &str =
    concat!("DiscordBot (https://nanobot.invalid, ", env!("CARGO_PKG_VERSION"), ") nanobot");

/// The HTTP API for one token.
pub(crate) struct Api {
    root: String,
    token: SecretString,
    limits: Limits,
    /// Set once the token was refused: from then on each call would count as an invalid one.
    is_revoked: AtomicBool,
    client: HttpClient,
}

impl Api {
    pub(crate) fn new(config: &DiscordConfig) -> Self {
        Self {
            root: config.api_root().to_owned(),
            token: config.bare_token().into(),
            limits: Limits::default(),
            is_revoked: AtomicBool::new(false),
            client: HttpClient::new(config.api_root(), config.proxy(), USER_AGENT),
        }
    }

    /// The token, for the gateway.
    pub(crate) fn token(&self) -> &str {
        self.token.expose_secret()
    }

    async fn get<T: DeserializeOwned>(&self, route: &Route) -> Result<T, ApiError> {
        read(&self.call(route, |request| request).await?)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        route: &Route,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        read(&self.call(route, |request| request.json(body)).await?)
    }

    /// A call with files, which is tried once: their content is read while it is sent.
    async fn upload<T: DeserializeOwned>(&self, route: &Route, form: Form) -> Result<T, ApiError> {
        let fill = |request: RequestBuilder| request.multipart(form).timeout(UPLOAD_LIMIT);
        read(&self.call_once(route, fill).await?)
    }

    /// Makes a call, and again after a rate limit that does not take long.
    async fn call(
        &self,
        route: &Route,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Vec<u8>, ApiError> {
        let mut tries = 1;
        loop {
            match self.call_once(route, &fill).await {
                // The wait is known to the limits now, and longer ones come out of them as errors.
                Err(ApiError::Refused { status: 429, .. }) if tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    async fn call_once(
        &self,
        route: &Route,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Vec<u8>, ApiError> {
        if self.is_revoked.load(Ordering::Relaxed) {
            return Err(ApiError::Revoked);
        }
        let url = format!("{}{}", self.root, route.path);
        let request = self.client()?.request(route.method.clone(), url).timeout(CALL_LIMIT);
        let request = fill(request.header(AUTHORIZATION, format!("Bot {}", self.token())));
        let permit = self.limits.admit(route).await?;
        let mut response = request.send().await.map_err(ApiError::transport)?;
        let status = response.status();
        let header_wait = retry_after(response.headers());
        let headers = std::mem::take(response.headers_mut());
        let body = body(response).await;
        let refusal = match &body {
            Ok(body) if !status.is_success() => {
                Some(ApiError::refused(status.as_u16(), body, header_wait))
            }
            _ => None,
        };
        let wait = refusal.as_ref().and_then(ApiError::retry_after).or(header_wait);
        permit.record(status.as_u16(), &headers, wait);
        if refusal.as_ref().is_some_and(ApiError::is_auth) {
            self.is_revoked.store(true, Ordering::Relaxed);
        }
        match refusal {
            Some(refusal) => Err(refusal),
            None => body,
        }
    }

    fn client(&self) -> Result<&Client, ApiError> {
        Ok(self.client.get()?)
    }

    fn is_public(&self) -> bool {
        self.root == PUBLIC_API
    }
}

async fn body(response: Response) -> Result<Vec<u8>, ApiError> {
    let status = response.status().as_u16();
    let body = body_within(response, MAX_ANSWER_BYTES).await.map_err(ApiError::transport)?;
    body.ok_or(ApiError::Unreadable { status })
}

/// Reads an answer; an empty one (204) counts as null.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body).map_err(|_| ApiError::Unreadable { status: 200 })
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    asked_pause(seconds)
}

/// Without the token and the proxy's password.
impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}
