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

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nanobot_channel_kit::asked_pause;
use reqwest::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use reqwest::multipart::Form;
use reqwest::{Client, Proxy, RequestBuilder, Response, Url};
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

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// Below the limit of the gateway for one delivery, so that the more precise error comes first.
const UPLOAD_LIMIT: Duration = Duration::from_secs(110);
const IDLE_CONNECTION: Duration = Duration::from_secs(30);
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
    proxy: Option<SecretString>,
    limits: Limits,
    /// Set once the token was refused: from then on each call would count as an invalid one.
    is_revoked: AtomicBool,
    client: OnceLock<Client>,
}

impl Api {
    pub(crate) fn new(config: &DiscordConfig) -> Self {
        Self {
            root: config.api_root().to_owned(),
            token: config.bare_token().into(),
            proxy: config.proxy().map(SecretString::from),
            limits: Limits::default(),
            is_revoked: AtomicBool::new(false),
            client: OnceLock::new(),
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
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.build_client()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// The one place that builds the client, when it is first needed: it reads the system's
    /// certificates, and that takes longer than the rest of the start.
    fn build_client(&self) -> Result<Client, ApiError> {
        install_tls_provider();
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            // A connection that the other side has closed meanwhile costs a message whose outcome
            // is unknown.
            .pool_idle_timeout(IDLE_CONNECTION)
            .tcp_nodelay(true)
            // A redirect could carry the token to another host.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(USER_AGENT);
        if let Some(proxy) = &self.proxy {
            let proxy = Proxy::all(proxy.expose_secret()).map_err(|_| ApiError::Proxy)?;
            builder = builder.proxy(proxy);
        } else if is_loopback(&self.root) {
            builder = builder.no_proxy();
        }
        builder.build().map_err(ApiError::transport)
    }

    fn is_public(&self) -> bool {
        self.root == PUBLIC_API
    }
}

/// Building a client panics when no TLS provider is installed. Installing one fails if there is one
/// already, which is as well.
pub(crate) fn install_tls_provider() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}

async fn body(mut response: Response) -> Result<Vec<u8>, ApiError> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ApiError::transport)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(ApiError::Unreadable { status });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
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
