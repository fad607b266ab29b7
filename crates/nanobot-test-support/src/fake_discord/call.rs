use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::Value;

use crate::multipart::{self, UploadedFile};

/// A call of the HTTP API.
#[derive(Debug, Clone)]
pub struct DiscordCall {
    /// What it does, e.g. `create` for a new message.
    pub kind: String,
    /// The channel, application or interaction that it names.
    pub major: String,
    /// The message that it names, or the token of an interaction.
    pub minor: String,
    /// The words behind the question mark.
    pub query: String,
    /// The body, null if there is none.
    pub body: Value,
    /// The files.
    pub files: Vec<UploadedFile>,
}

impl DiscordCall {
    /// Reads a call of one of the routes that a channel needs.
    pub(super) fn parse(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, String> {
        let path = uri.path().strip_prefix("/api/v10/").ok_or("a path without the version")?;
        let words: Vec<&str> = path.split('/').collect();
        let (kind, major, minor) = route(method.as_str(), &words)
            .ok_or_else(|| format!("there is no route {method} /{path}"))?;
        let (body, files) = read_body(headers, body)?;
        Ok(Self {
            kind: kind.to_owned(),
            major: major.to_owned(),
            minor: minor.to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            body,
            files,
        })
    }

    /// The emoji at the end of a route of reactions is kept with the message: `message emoji`.
    pub(super) fn message(&self) -> Option<u64> {
        self.minor.split(' ').next()?.parse().ok()
    }

    pub(super) fn channel(&self) -> Option<u64> {
        self.major.parse().ok()
    }

    /// A number of the query.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse().ok())
    }

    /// The text of the message.
    #[must_use]
    pub fn content(&self) -> &str {
        self.body["content"].as_str().unwrap_or_default()
    }
}

fn route<'a>(method: &str, words: &[&'a str]) -> Option<(&'static str, &'a str, &'a str)> {
    Some(match (method, words) {
        ("GET", ["gateway", "bot"]) => ("gateway", "", ""),
        ("GET", ["channels", channel]) => ("channel", channel, ""),
        ("GET", ["channels", channel, "messages"]) => ("history", channel, ""),
        ("POST", ["channels", channel, "messages"]) => ("create", channel, ""),
        ("PATCH", ["channels", channel, "messages", message]) => ("edit", channel, message),
        ("DELETE", ["channels", channel, "messages", message]) => ("delete", channel, message),
        ("POST", ["channels", channel, "typing"]) => ("typing", channel, ""),
        ("PUT", ["channels", channel, "messages", message, "reactions", _, "@me"]) => {
            ("react", channel, message)
        }
        ("DELETE", ["channels", channel, "messages", message, "reactions", _, "@me"]) => {
            ("unreact", channel, message)
        }
        ("PUT", ["applications", application, "commands"]) => ("commands", application, ""),
        ("POST", ["interactions", interaction, token, "callback"]) => {
            ("callback", interaction, token)
        }
        ("PATCH", ["webhooks", application, token, "messages", "@original"]) => {
            ("original", application, token)
        }
        _ => return None,
    })
}

/// The emoji that a reaction's path names, decoded.
pub(super) fn emoji(uri: &Uri) -> Option<String> {
    let encoded = uri.path().split('/').rev().nth(1)?;
    let bytes: Option<Vec<u8>> =
        encoded.split('%').skip(1).map(|digits| u8::from_str_radix(digits, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

fn read_body(headers: &HeaderMap, body: &[u8]) -> Result<(Value, Vec<UploadedFile>), String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default();
    if let Some(boundary) = multipart::boundary(kind) {
        let (params, files) = multipart::parse(boundary, body)?;
        let json = params.get("payload_json").and_then(Value::as_str).unwrap_or("null");
        if params.len() > 1 {
            return Err("a form with more than payload_json and files".to_owned());
        }
        return Ok((serde_json::from_str(json).map_err(|error| error.to_string())?, files));
    }
    if body.is_empty() {
        return Ok((Value::Null, Vec::new()));
    }
    if !kind.starts_with("application/json") {
        return Err(format!("a body of type {kind:?}"));
    }
    Ok((serde_json::from_slice(body).map_err(|error| error.to_string())?, Vec::new()))
}
