//! Replies, posted to the callback address.

use std::sync::OnceLock;
use std::time::Duration;

use nanobot_plugin::{Attachment, ChannelError, Delta, Location, Metadata, OutboundMessage, http};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Url};
use serde::Serialize;
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(30);

/// The body of a post.
#[derive(Serialize)]
pub struct Reply<'a> {
    pub chat_id: &'a str,
    pub text: &'a str,
    #[serde(rename = "final")]
    pub is_final: bool,
    /// True if the gateway cannot know whether an earlier post of this reply arrived.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub possible_duplicate: bool,
    /// Local paths or addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
}

impl<'a> Reply<'a> {
    pub fn of(message: &'a OutboundMessage, is_final: bool) -> Self {
        let media = message.attachments.iter().map(location).collect();
        Self {
            chat_id: &message.chat_id,
            text: &message.text,
            is_final,
            possible_duplicate: is_marked(&message.metadata),
            media,
        }
    }

    pub fn so_far(delta: &Delta<'a>, is_final: bool) -> Self {
        Self {
            chat_id: delta.chat_id,
            text: delta.text,
            is_final,
            possible_duplicate: is_marked(delta.metadata),
            media: Vec::new(),
        }
    }
}

fn is_marked(metadata: &Metadata) -> bool {
    metadata.get("_possible_duplicate").and_then(Value::as_bool).unwrap_or_default()
}

fn location(file: &Attachment) -> String {
    match &file.location {
        Location::Path(path) => path.to_string_lossy().into_owned(),
        Location::Url(url) => url.clone(),
    }
}

pub struct Callback {
    url: Url,
    client: OnceLock<Client>,
}

impl Callback {
    pub fn new(url: &str) -> Result<Self, ChannelError> {
        let problem = "channels.webhook.callbackUrl is not an http or https address";
        match Url::parse(url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                Ok(Self { url, client: OnceLock::new() })
            }
            Ok(_) => Err(ChannelError::invalid(problem)),
            Err(error) => Err(ChannelError::invalid(problem).with_source(error)),
        }
    }

    pub async fn post(&self, reply: &Reply<'_>, key: Option<&str>) -> Result<(), ChannelError> {
        let mut request = self.client()?.post(self.url.clone()).json(reply);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.send().await.map_err(|error| {
            ChannelError::network("failed to post the reply").with_source(error.without_url())
        })?;
        let wait = answer.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
        http::check_status(answer.status().as_u16(), wait)
    }

    /// Made when it is first needed: it reads the system's certificates, and that takes longer than
    /// the rest of the start.
    fn client(&self) -> Result<&Client, ChannelError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Fails if there is one already, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(TIMEOUT).build().map_err(|error| {
            ChannelError::internal("failed to make the HTTP client").with_source(error)
        })?;
        Ok(self.client.get_or_init(|| client))
    }
}
