//! The HTTP client of a provider, built when it is first needed.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Url};
use secrecy::{ExposeSecret, SecretString};

use super::error::{ErrorKind, ProviderError};

const IDLE_CONNECTION: Duration = Duration::from_secs(90);

/// Builds its client at the first use, because reading the certificates takes milliseconds that the
/// start of the program should not pay.
#[derive(Debug)]
pub(crate) struct HttpClient {
    connect_timeout: Duration,
    /// Whether the server is on this machine, where no proxy must come between.
    is_loopback: bool,
    proxy: Option<SecretString>,
    client: OnceLock<Client>,
}

impl HttpClient {
    pub(crate) fn new(base: &str, connect_timeout: Duration, proxy: Option<SecretString>) -> Self {
        let is_loopback = is_loopback(base);
        Self { connect_timeout, is_loopback, proxy, client: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> Result<&Client, ProviderError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let built = self.build()?;
        Ok(self.client.get_or_init(|| built))
    }

    fn build(&self) -> Result<Client, ProviderError> {
        install_tls();
        let mut builder = Client::builder()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(IDLE_CONNECTION)
            .tcp_nodelay(true)
            // A redirect could carry the key and the conversation to another host.
            .redirect(Policy::none())
            .user_agent(concat!("nanobot/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &self.proxy {
            // Without the cause, which may repeat the password in the URL.
            let proxy = Proxy::all(proxy.expose_secret()).map_err(|_| {
                ProviderError::new(ErrorKind::Rejected, "the configured proxy is not a valid URL")
            })?;
            builder = builder.proxy(proxy);
        } else if self.is_loopback {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            ProviderError::new(ErrorKind::Network, "failed to build the HTTP client")
                .with_source(error)
        })
    }
}

/// Makes TLS ready. Building a client panics when no TLS provider is installed; another crate may have
/// done it already, and then the error says just that.
pub(crate) fn install_tls() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_loopback() {
        for local in ["http://localhost:11434/v1", "http://127.0.0.1:1", "http://[::1]:8000/v1"] {
            assert!(is_loopback(local), "{local}");
        }
        for remote in [
            "https://api.openai.com/v1",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "no url",
        ] {
            assert!(!is_loopback(remote), "{remote}");
        }
    }
}
