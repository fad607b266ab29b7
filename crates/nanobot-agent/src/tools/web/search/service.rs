//! The search services, and how each of them is asked.

use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::tool::ToolError;

use super::answer::{Hit, hits_of_json, hits_of_page};

/// A search service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Its page for browsers without scripts; it has no API.
    DuckDuckGo,
    /// See [Brave Search API](https://api-dashboard.search.brave.com/app/documentation).
    Brave,
    /// See [Tavily API/Search](https://docs.tavily.com/documentation/api-reference/endpoint/search).
    Tavily,
    /// See [SearXNG/Search API](https://docs.searxng.org/dev/search_api.html).
    SearXng,
    /// See [Jina Reader](https://jina.ai/reader).
    Jina,
}

const ALL: [Service; 5] =
    [Service::DuckDuckGo, Service::Brave, Service::Tavily, Service::SearXng, Service::Jina];

impl Service {
    pub(super) fn find(name: &str) -> Result<Self, String> {
        let name = name.trim();
        if name.is_empty() {
            return Ok(Self::DuckDuckGo);
        }
        ALL.into_iter().find(|it| it.label().eq_ignore_ascii_case(name)).ok_or_else(|| {
            format!(
                "`tools.web.search.provider` is `{name}`; it must be duckduckgo, brave, tavily, \
                 searxng or jina"
            )
        })
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::DuckDuckGo => "DuckDuckGo",
            Self::Brave => "Brave",
            Self::Tavily => "Tavily",
            Self::SearXng => "SearXNG",
            Self::Jina => "Jina",
        }
    }

    /// Address when none is configured.
    pub(super) fn base(self) -> &'static str {
        match self {
            Self::DuckDuckGo => "https://html.duckduckgo.com",
            Self::Brave => "https://api.search.brave.com",
            Self::Tavily => "https://api.tavily.com",
            Self::SearXng => "",
            Self::Jina => "https://s.jina.ai",
        }
    }

    pub(super) fn advice(self, status: u16) -> &'static str {
        match (self, status) {
            (_, 401 | 403) => "; check `tools.web.search.apiKey`",
            (Self::DuckDuckGo, _) => "; another service can be set in `tools.web.search.provider`",
            _ => "",
        }
    }

    pub(super) fn request(
        self,
        client: &Client,
        base: &str,
        key: Option<&SecretString>,
        query: &str,
        count: usize,
    ) -> Result<RequestBuilder, ToolError> {
        let key = key.map(|key| key.expose_secret().trim()).filter(|key| !key.is_empty());
        let needed = || {
            let missing = format!("{} needs a key in `tools.web.search.apiKey`", self.label());
            key.ok_or_else(|| ToolError::new(missing))
        };
        let count = count.to_string();
        Ok(match self {
            Self::DuckDuckGo => client
                .get(url(base, "html/", &[("q", query)])?)
                .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) nanobot"),
            Self::Brave => client
                .get(url(base, "res/v1/web/search", &[("q", query), ("count", &count)])?)
                .header("accept", "application/json")
                .header("x-subscription-token", needed()?),
            Self::Tavily => client
                .post(url(base, "search", &[])?)
                .bearer_auth(needed()?)
                .json(&json!({"query": query, "max_results": count.parse::<u64>().unwrap_or(5)})),
            Self::SearXng => client.get(url(base, "search", &[("q", query), ("format", "json")])?),
            Self::Jina => client
                .get(url(base, "", &[("q", query)])?)
                .header("accept", "application/json")
                .bearer_auth(needed()?),
        })
    }

    pub(super) fn read(self, body: &[u8]) -> Result<Vec<Hit>, ToolError> {
        if self == Self::DuckDuckGo {
            return Ok(hits_of_page(&String::from_utf8_lossy(body)));
        }
        let answer: Value = serde_json::from_slice(body).map_err(|_| {
            ToolError::new(format!("the answer of {} is not understood", self.label()))
        })?;
        let (list, text) = match self {
            Self::Brave => ("/web/results", "description"),
            Self::Tavily | Self::SearXng => ("/results", "content"),
            Self::Jina | Self::DuckDuckGo => ("/data", "description"),
        };
        Ok(hits_of_json(answer.pointer(list), text))
    }
}

fn url(base: &str, path: &str, query: &[(&str, &str)]) -> Result<Url, ToolError> {
    let bad = || {
        ToolError::new("the search service has no valid address; set `tools.web.search.baseUrl`")
    };
    // A configured address may already lead to the page that is asked.
    let base =
        base.strip_suffix(path.trim_end_matches('/')).filter(|_| !path.is_empty()).unwrap_or(base);
    let mut url =
        Url::parse(&format!("{}/{path}", base.trim_end_matches('/'))).map_err(|_| bad())?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}
