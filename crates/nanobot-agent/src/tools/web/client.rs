//! An HTTP client that reaches public addresses only.
//!
//! Names are looked up by a resolver of ours, and the connection goes to exactly the addresses that
//! it has judged: a name that changes its answer in between gains nothing. Each redirect is judged
//! again.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use nanobot_config::Tools;
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Response, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::provider::install_tls;
use crate::tool::ToolError;

use super::networks::Networks;

const MAX_REDIRECTS: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
/// Some sites answer nothing but browsers.
const USER_AGENT: &str =
    concat!("Mozilla/5.0 (compatible; nanobot/", env!("CARGO_PKG_VERSION"), ")");

/// Looks up names.
#[async_trait]
pub(super) trait Lookup: Send + Sync {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// Asks the system.
pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// The guarded client.
pub(crate) struct PublicClient {
    resolver: PublicResolver,
    proxy: Option<SecretString>,
    client: OnceLock<Client>,
}

#[derive(Clone)]
struct PublicResolver {
    networks: Arc<Networks>,
    lookup: Arc<dyn Lookup>,
}

/// A name leads to a private address.
#[derive(Debug, thiserror::Error)]
#[error("{0} leads to an address of a private network")]
struct PrivateAddress(String);

impl PublicClient {
    pub(super) fn new(
        networks: Networks,
        lookup: Arc<dyn Lookup>,
        proxy: Option<SecretString>,
    ) -> Self {
        let resolver = PublicResolver { networks: Arc::new(networks), lookup };
        Self { resolver, proxy, client: OnceLock::new() }
    }

    /// With the networks and the proxy of the configuration.
    pub(crate) fn from_config(config: &Tools) -> Self {
        let networks = Networks::new(&config.ssrf_whitelist);
        Self::new(networks, Arc::new(SystemLookup), config.web.proxy.clone())
    }

    /// Asks for a URL and follows redirects, each of which is judged again; gives the URL that
    /// answered.
    pub(crate) async fn follow(
        &self,
        url: &str,
        accept: &'static str,
    ) -> Result<(Url, Response), ToolError> {
        let mut url = Url::parse(url)
            .map_err(|error| ToolError::new(format!("this is not a URL: {error}")))?;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.get(&url, accept).await?;
            let next =
                response.headers().get(LOCATION).filter(|_| response.status().is_redirection());
            let Some(next) = next else {
                return Ok((url, response));
            };
            let next = next.to_str().ok().and_then(|next| url.join(next).ok());
            url = next.ok_or_else(|| ToolError::new(format!("{url} leads to nowhere")))?;
        }
        Err(ToolError::new(format!("more than {MAX_REDIRECTS} redirects")))
    }

    async fn get(&self, url: &Url, accept: &'static str) -> Result<Response, ToolError> {
        self.judge(url).await?;
        let request = self.client()?.get(url.clone());
        let sent = request.header(reqwest::header::ACCEPT, accept).send().await;
        sent.map_err(|error| {
            ToolError::new(format!("{url} cannot be fetched: {}", innermost(&error)))
        })
    }

    async fn judge(&self, url: &Url) -> Result<(), ToolError> {
        if !["http", "https"].contains(&url.scheme()) {
            return Err(ToolError::new(format!("only http and https can be fetched, not {url}")));
        }
        if self.resolver.networks.is_private_literal(url) {
            return Err(private(url));
        }
        // A proxy looks names up itself; what can be seen from here is judged at least.
        let name = url.host_str().filter(|_| self.proxy.is_some());
        if let Some(name) = name
            && let Err(error) = self.resolver.judged(name).await
            && error.is::<PrivateAddress>()
        {
            return Err(private(url));
        }
        Ok(())
    }

    fn client(&self) -> Result<&Client, ToolError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let built = self.build()?;
        Ok(self.client.get_or_init(|| built))
    }

    fn build(&self) -> Result<Client, ToolError> {
        install_tls();
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .redirect(Policy::none())
            .user_agent(USER_AGENT);
        builder = match &self.proxy {
            // Without the cause, which may repeat the password in the URL.
            Some(proxy) => builder.proxy(
                Proxy::all(proxy.expose_secret())
                    .map_err(|_| ToolError::new("`tools.web.proxy` is not a valid URL"))?,
            ),
            None => builder.no_proxy().dns_resolver(Arc::new(self.resolver.clone())),
        };
        builder.build().map_err(|error| ToolError::new(format!("no HTTP client: {error}")))
    }
}

impl PublicResolver {
    /// The addresses of a name, if all of them are public.
    async fn judged(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        let addresses = self.lookup.lookup(name).await?;
        if addresses.iter().any(|address| !self.networks.allows(*address)) {
            return Err(Box::new(PrivateAddress(name.to_owned())));
        }
        Ok(addresses)
    }
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.judged(name.as_str()).await?;
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Box<dyn Iterator<Item = SocketAddr> + Send>)
        })
    }
}

fn private(url: &Url) -> ToolError {
    ToolError::new(format!("{url} was not fetched, because it leads to a private network"))
}

fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
