//! The tool `web_fetch`.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use secrecy::SecretString;

use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError, bounded};
use crate::tools::{blocking, spec};

use super::BANNER;
use super::client::{Lookup, PublicClient, SystemLookup};
use super::networks::Networks;
use super::readable::readable;

const ACCEPT: &str =
    "text/html,application/xhtml+xml,text/*;q=0.9,application/json;q=0.9,*/*;q=0.5";
/// Part of a page that is read.
const MAX_PAGE_BYTES: usize = 2 * 1024 * 1024;
/// Characters for the lines around the text.
const FRAME_CHARS: usize = 600;

/// Reads a page of the web.
pub(super) struct WebFetch {
    client: PublicClient,
}

impl WebFetch {
    pub(super) fn new(networks: Networks, proxy: Option<SecretString>) -> Self {
        Self::with_lookup(networks, Arc::new(SystemLookup), proxy)
    }

    fn with_lookup(
        networks: Networks,
        lookup: Arc<dyn Lookup>,
        proxy: Option<SecretString>,
    ) -> Self {
        Self { client: PublicClient::new(networks, lookup, proxy) }
    }
}

#[async_trait]
impl Tool for WebFetch {
    fn spec(&self) -> ToolSpec {
        spec(
            "web_fetch",
            "Reads a public page of the web and gives its text as Markdown.",
            &[("url*", "string", "Address, with http:// or https://")],
        )
    }

    fn is_read_only(&self) -> bool {
        true
    }

    async fn call(&self, arguments: &Arguments, cx: &ToolContext<'_>) -> Result<String, ToolError> {
        let (url, response) = self.client.follow(arguments.text("url")?.trim(), ACCEPT).await?;
        let status = response.status();
        let kind = kind_of(&response);
        if !is_text(&kind) {
            return Err(ToolError::new(format!("{url} is not text but {kind}")));
        }
        let (body, is_cut) = read(response).await?;
        let is_page =
            kind.contains("html") || (kind.is_empty() && body.trim_start().starts_with('<'));
        let text = if is_page { blocking(move || Ok(readable(&body))).await? } else { body };
        let text = bounded(text, cx.max_result_chars.saturating_sub(FRAME_CHARS).max(FRAME_CHARS));
        let cut = if is_cut { "\n(Only the beginning of the page was read.)" } else { "" };
        let result = format!("{BANNER}\nURL: {url}\nStatus: {status}\n\n{text}{cut}");
        if status.is_success() { Ok(result) } else { Err(ToolError::new(result)) }
    }
}

fn kind_of(response: &Response) -> String {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

fn is_text(kind: &str) -> bool {
    let words = ["json", "xml", "javascript", "yaml", "x-www-form-urlencoded"];
    kind.is_empty() || kind.starts_with("text/") || words.iter().any(|word| kind.contains(word))
}

/// Reads the beginning of a body, and says whether there was more.
async fn read(mut response: Response) -> Result<(String, bool), ToolError> {
    let mut bytes = Vec::new();
    let mut is_cut = false;
    loop {
        match response.chunk().await {
            Ok(Some(more)) => {
                let room = MAX_PAGE_BYTES - bytes.len();
                bytes.extend_from_slice(&more[..more.len().min(room)]);
                is_cut = more.len() > room;
            }
            Ok(None) => break,
            Err(error) if bytes.is_empty() => {
                let error = error.without_url();
                return Err(ToolError::new(format!("the page broke off: {error}")));
            }
            Err(_) => is_cut = true,
        }
        if is_cut {
            break;
        }
    }
    Ok((String::from_utf8_lossy(&bytes).into_owned(), is_cut))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::response::{Html, Redirect};
    use axum::routing::get;

    use super::*;

    /// Answers a name with these addresses, one after another.
    struct Changing {
        answers: Vec<IpAddr>,
        asked: AtomicUsize,
    }

    #[async_trait]
    impl Lookup for Changing {
        async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            let asked = self.asked.fetch_add(1, Ordering::Relaxed);
            Ok(vec![self.answers[asked.min(self.answers.len() - 1)]])
        }
    }

    async fn server(routes: Router) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        port
    }

    fn routes() -> Router {
        let page = "<html><head><title>Tea</title><script>evil()</script></head><body><nav>Home</nav>\
                    <h1>Green tea</h1><p>Steep for <b>two</b> minutes.</p></body></html>";
        Router::new()
            .route("/", get(move || async move { Html(page) }))
            .route("/metadata", get(|| async { Redirect::to("http://169.254.169.254/latest") }))
            .route("/other", get(|| async { Redirect::to("http://127.0.0.2/") }))
            .route("/file", get(|| async { Redirect::to("file:///etc/passwd") }))
            .route("/round", get(|| async { Redirect::to("/round") }))
            .route("/again", get(|| async { Redirect::to("/") }))
            .route("/picture", get(|| async { ([(CONTENT_TYPE, "image/png")], "x") }))
            .route("/large", get(|| async { "x".repeat(3 * MAX_PAGE_BYTES) }))
    }

    /// A tool that may reach the test's server, and nothing else of this machine.
    fn tool(answers: &[&str]) -> WebFetch {
        let answers = answers.iter().map(|it| it.parse().expect("an address")).collect();
        let lookup = Changing { answers, asked: AtomicUsize::new(0) };
        let networks = Networks::new(&["127.0.0.1/32".to_owned()]);
        WebFetch::with_lookup(networks, Arc::new(lookup), None)
    }

    async fn fetch(tool: &WebFetch, url: &str) -> Result<String, String> {
        let (turn, events) = crate::tool::context_for_test();
        let cx = ToolContext::new(&turn, &events, 4_000);
        let arguments = serde_json::json!({"url": url});
        let arguments = Arguments::from(arguments.as_object().cloned().unwrap_or_default());
        tool.call(&arguments, &cx).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_page_becomes_readable_text() {
        let port = server(routes()).await;
        let page = fetch(&tool(&["127.0.0.1"]), &format!("http://tea.example:{port}/again")).await;
        let expected = format!(
            "{BANNER}\nURL: http://tea.example:{port}/\nStatus: 200 OK\n\n# Tea\n\n# Green tea\n\n\
             Steep for **two** minutes."
        );
        assert_eq!(page, Ok(expected));
    }

    #[tokio::test]
    async fn private_addresses_are_not_reached_also_through_redirects() {
        let port = server(routes()).await;
        let root = format!("http://127.0.0.1:{port}");
        for url in [
            format!("{root}/metadata"),
            format!("{root}/other"),
            "http://127.0.0.2/".to_owned(),
            "http://[::1]/".to_owned(),
            "http://10.0.0.1/".to_owned(),
        ] {
            let error = fetch(&tool(&["127.0.0.1"]), &url).await.expect_err("it is private");
            assert!(error.contains("private network"), "{url}: {error}");
        }
        let error = fetch(&tool(&["127.0.0.1"]), &format!("{root}/file")).await;
        assert!(error.is_err_and(|error| error.starts_with("only http and https")));
        let error = fetch(&tool(&["127.0.0.1"]), &format!("{root}/round")).await;
        assert_eq!(error, Err("more than 5 redirects".to_owned()));
    }

    #[tokio::test]
    async fn a_name_that_changes_its_answer_reaches_nothing_private() {
        let port = server(routes()).await;
        let private = fetch(&tool(&["10.0.0.1"]), "http://evil.example/").await;
        assert!(private.is_err_and(|error| error.contains("evil.example leads to an address")));
        // The first answer is judged and used; the second one is judged anew.
        let tool = tool(&["127.0.0.1", "127.0.0.2"]);
        let url = format!("http://evil.example:{port}/");
        assert!(fetch(&tool, &url).await.is_ok());
        let other = format!("http://evil2.example:{port}/");
        assert!(
            fetch(&tool, &other).await.is_err_and(|error| error.contains("leads to an address"))
        );
    }

    #[tokio::test]
    async fn other_content_and_the_rest_of_a_large_page_are_left_out() {
        let port = server(routes()).await;
        let root = format!("http://127.0.0.1:{port}");
        let picture = fetch(&tool(&["127.0.0.1"]), &format!("{root}/picture")).await;
        assert!(picture.is_err_and(|error| error.ends_with("is not text but image/png")));
        let large = fetch(&tool(&["127.0.0.1"]), &format!("{root}/large")).await.expect("text");
        assert!(
            large.ends_with("(Only the beginning of the page was read.)") && large.len() < 5_000
        );
        let missing = fetch(&tool(&["127.0.0.1"]), &format!("{root}/missing")).await;
        assert!(missing.is_err_and(|error| error.contains("404")));
    }
}
