//! The tool `web_search`.

mod answer;
mod service;

use std::time::Duration;

use async_trait::async_trait;
use nanobot_config::Web;
use reqwest::Response;
use secrecy::SecretString;

use crate::provider::{HttpClient, ToolSpec};
use crate::tool::{Arguments, Tool, ToolContext, ToolError};
use crate::tools::spec;

use super::BANNER;
use answer::Hit;
use service::Service;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 2 * 1024 * 1024;
const MOST_RESULTS: usize = 20;

/// Asks a search service.
pub(super) struct WebSearch {
    service: Result<Service, String>,
    base: String,
    key: Option<SecretString>,
    http: HttpClient,
    timeout: Duration,
    max_results: usize,
}

impl WebSearch {
    pub(super) fn new(web: &Web) -> Self {
        let config = &web.search;
        let service = Service::find(&config.provider);
        let configured = config.base_url.as_deref().map(str::trim).filter(|base| !base.is_empty());
        let usual = service.as_ref().map(|service| service.base()).unwrap_or_default();
        let base = configured.unwrap_or(usual).trim_end_matches('/').to_owned();
        Self {
            service,
            http: HttpClient::new(&base, CONNECT_TIMEOUT, web.proxy.clone()),
            base,
            key: config.api_key.clone(),
            timeout: Duration::from_secs(config.timeout.max(1).into()),
            max_results: (config.max_results as usize).clamp(1, MOST_RESULTS),
        }
    }

    async fn ask(&self, query: &str, count: usize) -> Result<Vec<Hit>, ToolError> {
        let service = *self.service.as_ref().map_err(ToolError::new)?;
        let client = self.http.get().map_err(|error| ToolError::new(error.to_string()))?;
        let request = service.request(client, &self.base, self.key.as_ref(), query, count)?;
        let failed = |error: reqwest::Error| {
            let error = error.without_url();
            ToolError::new(format!(
                "the search service {} cannot be reached: {error}",
                service.label()
            ))
        };
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            return Err(ToolError::new(format!(
                "the search service {} answered with status {status}{}",
                service.label(),
                service.advice(status.as_u16())
            )));
        }
        service.read(&body(response).await.map_err(failed)?)
    }
}

#[async_trait]
impl Tool for WebSearch {
    fn spec(&self) -> ToolSpec {
        spec(
            "web_search",
            "Searches the web; gives titles, addresses and short texts. Read a page with web_fetch.",
            &[
                ("query*", "string", "What to look for"),
                ("count", "integer", "Most results, up to 20"),
            ],
        )
    }

    fn is_read_only(&self) -> bool {
        true
    }

    async fn call(&self, arguments: &Arguments, _: &ToolContext<'_>) -> Result<String, ToolError> {
        let query = arguments.text("query")?.trim();
        let count = arguments.number("count").and_then(|it| usize::try_from(it).ok());
        let count = count.unwrap_or(self.max_results).clamp(1, MOST_RESULTS);
        let asked = tokio::time::timeout(self.timeout, self.ask(query, count)).await;
        let mut hits =
            asked.map_err(|_| ToolError::new("the search service did not answer in time"))??;
        hits.truncate(count);
        if hits.is_empty() {
            return Ok(format!("No results for: {query}"));
        }
        let hits = hits.iter().enumerate().map(|(index, hit)| hit.describe(index + 1));
        Ok(format!("{BANNER}\nResults for: {query}\n\n{}", hits.collect::<Vec<_>>().join("\n\n")))
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await? {
        body.extend_from_slice(&bytes);
        if body.len() > MAX_ANSWER_BYTES {
            break;
        }
    }
    Ok(body)
}
