//! Makes readable text of a page.

use std::sync::LazyLock;

use htmd::HtmlToMarkdown;
use regex::Regex;

/// Parts of a page that are not its text.
const SKIPPED: [&str; 14] = [
    "script", "style", "noscript", "template", "svg", "iframe", "nav", "footer", "aside", "form",
    "button", "head", "canvas", "dialog",
];
/// Elements without an end.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "p",
];
/// Deepest nesting that is converted; the conversion goes as deep into its stack.
const MAX_DEPTH: usize = 2_000;
const STACK_BYTES: usize = 64 * 1024 * 1024;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is valid")
}

static TITLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<title[^>]*>(.*?)</title>"));
static TAG: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*?(/?)>"));
static HIDDEN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?is)<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->"));
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
    let html = HIDDEN.replace_all(html, " ");
    let text = TAG.replace_all(&html, "");
    let words: Vec<&str> = text.split_whitespace().collect();
    unescaped(&words.join(" "))
}

/// Converts a page on a thread with much room, because the conversion calls itself for each level
/// of nesting, and a stack that overflows would end the whole program.
fn convert(page: &str) -> Option<String> {
    if depth(page) > MAX_DEPTH {
        return None;
    }
    let page = page.to_owned();
    let work = move || {
        let converter = HtmlToMarkdown::builder().skip_tags(SKIPPED.to_vec()).build();
        converter.convert(&page).ok()
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).ok()?;
    thread.join().ok().flatten()
}

/// About how deep the elements of a page are nested, rather too much than too little.
fn depth(page: &str) -> usize {
    let page = HIDDEN.replace_all(page, "");
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in TAG.captures_iter(&page) {
        let name = tag[2].to_ascii_lowercase();
        if VOID.contains(&name.as_str()) || &tag[3] == "/" {
            continue;
        }
        depth = if &tag[1] == "/" { depth.saturating_sub(1) } else { depth + 1 };
        deepest = deepest.max(depth);
    }
    deepest
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('&') {
        out.push_str(&rest[..place]);
        rest = &rest[place..];
        let end = rest.find(';').filter(|end| *end <= 10);
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
}
