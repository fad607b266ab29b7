//! From an address to a WebSocket, through a proxy if there is one.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nanobot_channel_kit::install_tls_provider;
use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest};

use super::Identity;
use crate::api::USER_AGENT;

const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// Longest message that is read; a large server comes as some megabytes.
const MAX_MESSAGE_BYTES: usize = 32 * 1024 * 1024;
/// Longest answer of a proxy.
const MAX_PROXY_ANSWER: usize = 8 * 1024;

pub(super) type Socket = WebSocketStream<Box<dyn Stream>>;

/// A connection in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatewayError {
    #[error("the address of the gateway cannot be used")]
    Address,
    #[error("failed to connect to the gateway")]
    Io(#[from] std::io::Error),
    #[error("failed to open a secure connection to the gateway")]
    Tls(#[from] rustls::Error),
    #[error("the gateway took no WebSocket")]
    WebSocket(#[source] Box<tungstenite::Error>),
    #[error("the proxy refused to connect: {0}")]
    Proxy(String),
    #[error("the gateway did not answer in time")]
    Late,
    #[error("the gateway did not say hello")]
    NoHello,
}

/// Opens a WebSocket for JSON of version 10.
/// See [Discord/connecting](https://docs.discord.com/developers/events/gateway#connecting).
pub(super) async fn connect(address: &str, identity: &Identity) -> Result<Socket, GatewayError> {
    let limited = tokio::time::timeout(CONNECT_LIMIT, open(address, identity));
    limited.await.unwrap_or(Err(GatewayError::Late))
}

async fn open(address: &str, identity: &Identity) -> Result<Socket, GatewayError> {
    let mut url = Url::parse(address).map_err(|_| GatewayError::Address)?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(GatewayError::Address);
    }
    url.set_query(Some("v=10&encoding=json"));
    let host = url.host_str().ok_or(GatewayError::Address)?.to_owned();
    let port = url.port_or_known_default().ok_or(GatewayError::Address)?;
    let stream = match &identity.proxy {
        Some(proxy) => through_proxy(proxy.expose_secret(), &host, port).await?,
        None => tcp(&host, port).await?,
    };
    let stream = if url.scheme() == "wss" { tls(stream, &host).await? } else { stream };
    let mut request = url.as_str().into_client_request().map_err(websocket)?;
    let agent = tungstenite::http::HeaderValue::from_static(USER_AGENT);
    request.headers_mut().insert(tungstenite::http::header::USER_AGENT, agent);
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    opened.map(|(socket, _)| socket).map_err(websocket)
}

fn websocket(error: tungstenite::Error) -> GatewayError {
    GatewayError::WebSocket(Box::new(error))
}

async fn tcp(host: &str, port: u16) -> Result<Box<dyn Stream>, GatewayError> {
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

async fn tls(stream: Box<dyn Stream>, host: &str) -> Result<Box<dyn Stream>, GatewayError> {
    install_tls_provider();
    let config = Arc::new(ClientConfig::with_platform_verifier()?);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| GatewayError::Address)?;
    Ok(Box::new(TlsConnector::from(config).connect(name, stream).await?))
}

/// Has a proxy connect. See RFC 9110, section 9.3.6.
async fn through_proxy(
    proxy: &str,
    host: &str,
    port: u16,
) -> Result<Box<dyn Stream>, GatewayError> {
    let proxy = Url::parse(proxy).map_err(|_| GatewayError::Address)?;
    let proxy_host = proxy.host_str().ok_or(GatewayError::Address)?;
    let proxy_port = proxy.port_or_known_default().ok_or(GatewayError::Address)?;
    let mut stream = tcp(proxy_host, proxy_port).await?;
    if proxy.scheme() == "https" {
        stream = tls(stream, proxy_host).await?;
    }
    let login = credentials(&proxy);
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{login}\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let answer = head(&mut stream).await?;
    let status = answer.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") {
        return Ok(stream);
    }
    Err(GatewayError::Proxy(status.chars().take(100).collect()))
}

fn credentials(proxy: &Url) -> String {
    if proxy.username().is_empty() {
        return String::new();
    }
    let user = percent_decoded(proxy.username());
    let password = percent_decoded(proxy.password().unwrap_or_default());
    let login = BASE64_STANDARD.encode([&user[..], b":", &password[..]].concat());
    format!("Proxy-Authorization: Basic {login}\r\n")
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    decoded
}

/// Reads an HTTP answer up to the blank line, and not a byte more: what follows is the gateway's.
async fn head(stream: &mut Box<dyn Stream>) -> Result<String, GatewayError> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == MAX_PROXY_ANSWER {
            return Err(GatewayError::Proxy("its answer has no end".to_owned()));
        }
        answer.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_of_a_proxy_are_decoded() {
        let login = |proxy: &str| credentials(&Url::parse(proxy).unwrap());
        // user:p@ss
        let expected = "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n";
        assert_eq!(login("http://user:p%40ss@proxy:3128"), expected);
        assert_eq!(login("http://proxy:3128"), "");
    }
}
