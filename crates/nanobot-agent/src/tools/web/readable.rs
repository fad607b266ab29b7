//! Makes readable text of a page.

use std::sync::LazyLock;

use htmd::HtmlToMarkdown;
use regex::Regex;

use super::tree::parse;

/// Parts of a page that are not its text.
const SKIPPED: [&str; 14] = [
    "script", "style", "noscript", "template", "svg", "iframe", "nav", "footer", "aside", "form",
    "button", "head", "canvas", "dialog",
];
/// Room for the conversion, which calls itself for each level of nesting.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Longest name of a character, with its end.
const MAX_ENTITY_BYTES: usize = 11;

/// Beginnings and ends of what is no text, in small letters.
const HIDDEN: [(&str, &str); 3] =
    [("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->")];

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is valid")
}

static TITLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<title[^>]*>(.*?)</title>"));
static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)</?[a-zA-Z][^>]*>"));
static GAPS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\n{3,}"));

/// The title and the text of a page, as Markdown.
pub(super) fn readable(page: &str) -> String {
    let title = TITLE.captures(page).and_then(|found| found.get(1));
    let title = title.map(|title| plain(title.as_str())).filter(|title| !title.is_empty());
    let text = convert(page).unwrap_or_else(|| plain(page));
    let text = GAPS.replace_all(text.trim(), "\n\n");
    match title {
        Some(title) => format!("# {title}\n\n{text}"),
        None => text.into_owned(),
    }
}

/// Text without any tags, on one line.
pub(super) fn plain(html: &str) -> String {
    let html = without_hidden(html);
    let text = TAG.replace_all(&html, "");
    let words: Vec<&str> = text.split_whitespace().collect();
    unescaped(&words.join(" "))
}

/// The text without what is hidden in it. Each end that does not exist is looked for once only.
fn without_hidden(html: &str) -> String {
    let small = html.to_ascii_lowercase();
    let mut kinds = HIDDEN.to_vec();
    let (mut shown, mut place) = (String::with_capacity(html.len()), 0);
    while let Some(start) = small[place..].find('<').map(|found| place + found) {
        shown.push_str(&html[place..start]);
        let kind = kinds.iter().position(|(begin, _)| small[start..].starts_with(begin));
        let end = kind.map(|kind| kinds[kind].1);
        let found = end.and_then(|end| Some(start + small[start..].find(end)? + end.len()));
        match (kind, found) {
            (_, Some(after)) => {
                shown.push(' ');
                place = after;
            }
            (kind, None) => {
                kind.map(|kind| kinds.remove(kind));
                shown.push('<');
                place = start + 1;
            }
        }
    }
    shown.push_str(&html[place..]);
    shown
}

/// Converts a page on a thread with the room that it needs.
fn convert(page: &str) -> Option<String> {
    let page = page.to_owned();
    let work = move || {
        let tree = parse(&page)?;
        let converter = HtmlToMarkdown::builder().skip_tags(SKIPPED.to_vec()).build();
        Some(converter.tree_to_markdown(&tree))
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).ok()?;
    thread.join().ok().flatten()
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('&') {
        out.push_str(&rest[..place]);
        rest = &rest[place..];
        let end = rest.bytes().take(MAX_ENTITY_BYTES).position(|byte| byte == b';');
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((letter, end)) => {
                out.push(letter);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::MAX_DEPTH;
    use super::*;

    #[test]
    fn entities_and_tags_become_plain_text() {
        assert_eq!(
            plain("<b>Tea &amp; <i>milk</i></b>\n&#39;hot&#x27; &unknown; & more"),
            "Tea & milk 'hot' &unknown; & more"
        );
    }

    #[test]
    fn a_deeply_nested_page_does_not_overflow_the_stack() {
        for depth in [MAX_DEPTH, 200_000] {
            let page = format!("{}tea{}", "<div>".repeat(depth), "</div>".repeat(depth));
            assert_eq!(readable(&page), "tea", "{depth}");
        }
        let quotes = format!("{}tea", "<blockquote><ul><li>".repeat(MAX_DEPTH / 3));
        assert!(readable(&quotes).contains("tea"));
        let hidden = format!("<!-- {} -->{}tea", "</div>".repeat(100), "<b>".repeat(100_000));
        assert_eq!(readable(&hidden), "tea");
    }

    #[test]
    fn a_page_that_means_harm_is_still_read() {
        // Ends that end nothing, elements that only look closed, names that only look alike, a
        // comment that is over at once, and so many attributes that each is compared with all.
        for level in ["<div></x>", "<div/>", "<x-a></x-b>", "<!--><div>"] {
            assert!(readable(&format!("{}tea", level.repeat(200_000))).ends_with("tea"), "{level}");
        }
        let attributes: String = (0..100_000).map(|number| format!(" a{number}")).collect();
        assert_eq!(readable(&format!("<p{attributes}>tea")), "tea");
    }

    #[test]
    fn text_in_which_nothing_is_closed_is_read_in_one_go() {
        for open in ["& ", "<script <!----> ", "<style <!----> "] {
            let page = format!("{}>tea", open.repeat(100_000));
            assert!(plain(&page).ends_with("tea"), "{open}");
        }
        assert_eq!(plain("a<!-- b --><SCRIPT>c</Script>d<style>e"), "a de");
    }
}
