//! Calls of a platform's HTTP API.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Response, Url};
use secrecy::{ExposeSecret, SecretString};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A connection that the other side has closed meanwhile costs a message whose outcome is unknown.
const IDLE_CONNECTION: Duration = Duration::from_secs(30);

/// The client for one server, built when it is first needed: it reads the system's certificates, and
/// that takes longer than the rest of the start.
pub struct HttpClient {
    proxy: Option<SecretString>,
    is_loopback: bool,
    user_agent: &'static str,
    client: OnceLock<Client>,
}

/// Why there is no client. Says nothing of a proxy's address, which may hold a password.
#[derive(Debug)]
pub enum ClientError {
    /// The proxy's address cannot be used.
    Proxy,
    /// Something else, certificates that cannot be read for example.
    Other(reqwest::Error),
}

impl HttpClient {
    /// A client for the server at `root`, which is called without the system's proxy if it is on
    /// this machine. `proxy` is for all calls.
    #[must_use]
    pub fn new(root: &str, proxy: Option<&str>, user_agent: &'static str) -> Self {
        Self {
            proxy: proxy.map(SecretString::from),
            is_loopback: is_loopback(root),
            user_agent,
            client: OnceLock::new(),
        }
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be built.
    pub fn get(&self) -> Result<&Client, ClientError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.build()?;
        Ok(self.client.get_or_init(|| client))
    }

    fn build(&self) -> Result<Client, ClientError> {
        install_tls_provider();
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(IDLE_CONNECTION)
            .tcp_nodelay(true)
            // A redirect could carry the token to another host.
            .redirect(Policy::none())
            .user_agent(self.user_agent);
        if let Some(proxy) = &self.proxy {
            let proxy = Proxy::all(proxy.expose_secret()).map_err(|_| ClientError::Proxy)?;
            builder = builder.proxy(proxy);
        } else if self.is_loopback {
            builder = builder.no_proxy();
        }
        builder.build().map_err(ClientError::Other)
    }
}

/// Without the proxy's password.
impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// Building a client panics when no TLS provider is installed. Installing one fails if there is one
/// already, which is as well.
pub fn install_tls_provider() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}

/// The body of an answer; none if it is longer than this.
///
/// # Errors
///
/// Fails where the connection does.
pub async fn body_within(
    mut response: Response,
    max_bytes: usize,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if body.len() + piece.len() > max_bytes {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body))
}

/// True for the address of a server with one of these schemes.
#[must_use]
pub fn is_address(address: &str, schemes: &[&str]) -> bool {
    Url::parse(address).is_ok_and(|url| schemes.contains(&url.scheme()) && url.host().is_some())
}

/// True for the address of a proxy that can be used.
#[must_use]
pub fn is_proxy(address: &str) -> bool {
    is_address(address, &["http", "https"]) && Proxy::all(address).is_ok()
}

fn is_loopback(root: &str) -> bool {
    let url = Url::parse(root).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_proxies_are_taken() {
        assert!(is_proxy("http://user:password@host:3128"));
        for address in ["socks5://host:1080", "host:3128", "http://", ""] {
            assert!(!is_proxy(address), "{address}");
        }
    }

    #[test]
    fn servers_on_this_machine_are_known() {
        for root in ["http://localhost:8081", "http://127.0.0.1/api", "http://[::1]:80"] {
            assert!(is_loopback(root), "{root}");
        }
        for root in ["https://api.telegram.org", "http://localhost.example.org", "no address"] {
            assert!(!is_loopback(root), "{root}");
        }
    }

    #[test]
    fn password_of_the_proxy_is_not_in_the_debug_output() {
        let client = HttpClient::new("http://a", Some("http://user:secret@host"), "agent");
        assert!(!format!("{client:?}").contains("secret"));
        let wrong = HttpClient::new("http://a", Some("http://user:secret@"), "agent");
        assert!(!format!("{:?}", wrong.get()).contains("secret"));
    }
}
