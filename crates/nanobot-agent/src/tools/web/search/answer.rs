//! What search services find.

use std::sync::LazyLock;

use regex::Regex;
use reqwest::Url;
use serde_json::Value;

use crate::tool::bounded;

use super::super::readable::plain;

/// Longest text of one hit.
const MAX_TEXT_CHARS: usize = 500;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is valid")
}

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?s)<a\b[^>]*class="result__a"[^>]*href="([^"]+)"[^>]*>(.*?)</a>"#)
});
static SNIPPET: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?s)class="result__snippet"[^>]*>(.*?)</(?:a|td|div)>"#));

/// One page that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    title: String,
    url: String,
    text: String,
}

impl Hit {
    pub(super) fn describe(&self, number: usize) -> String {
        let text = bounded(self.text.clone(), MAX_TEXT_CHARS);
        format!("{number}. {}\n   {}\n   {text}", self.title, self.url).trim_end().to_owned()
    }
}

/// Hits of a list of objects with `title`, `url` and a text.
pub(super) fn hits_of_json(list: Option<&Value>, text: &str) -> Vec<Hit> {
    let hits = list.and_then(Value::as_array).into_iter().flatten();
    let read = |hit: &Value, key: &str| plain(hit[key].as_str().unwrap_or_default());
    hits.filter_map(|hit| {
        let url = hit["url"].as_str().filter(|url| !url.is_empty())?.to_owned();
        Some(Hit { title: read(hit, "title"), url, text: read(hit, text) })
    })
    .collect()
}

/// Hits of the page of DuckDuckGo.
pub(super) fn hits_of_page(page: &str) -> Vec<Hit> {
    let links: Vec<regex::Captures<'_>> = LINK.captures_iter(page).collect();
    let ends = links.iter().skip(1).filter_map(|next| Some(next.get(0)?.start()));
    let ends = ends.chain([page.len()]);
    let hits = links.iter().zip(ends).filter_map(|(link, end)| {
        let between = &page[link.get(0)?.end()..end];
        let text = SNIPPET.captures(between).map(|found| plain(&found[1])).unwrap_or_default();
        Some(Hit { title: plain(&link[2]), url: target(&plain(&link[1]))?, text })
    });
    hits.collect()
}

/// Where a link of DuckDuckGo leads in the end; advertisements are left out.
fn target(link: &str) -> Option<String> {
    let absolute = if link.starts_with("//") { format!("https:{link}") } else { link.to_owned() };
    let url = Url::parse(&absolute).ok()?;
    if !url.host_str()?.ends_with("duckduckgo.com") {
        return Some(absolute);
    }
    url.query_pairs().find(|(name, _)| name == "uddg").map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_of_a_page_are_read() {
        let page = r#"<h2><a rel="nofollow" class="result__a" href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fa.example%2F%3Fx%3D1&amp;rut=5">A &amp; <b>B</b></a></h2>
            <a class="result__snippet" href="//duckduckgo.com/l/">Text <b>a</b></a>
            <a rel="nofollow" class="result__a" href="https://duckduckgo.com/y.js?ad=1">Ad</a>
            <a rel="nofollow" class="result__a" href="https://b.example/">B</a>"#;
        let hit = |title: &str, url: &str, text: &str| Hit {
            title: title.to_owned(),
            url: url.to_owned(),
            text: text.to_owned(),
        };
        let expected =
            [hit("A & B", "https://a.example/?x=1", "Text a"), hit("B", "https://b.example/", "")];
        assert_eq!(hits_of_page(page), expected);
    }
}
