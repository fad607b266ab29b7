//! Telegram's subset of HTML. See [Bot API/HTML style].
//!
//! [Bot API/HTML style]: https://core.telegram.org/bots/api#html-style

/// A stretch of text with a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownEntity {
    /// The type, as the Bot API names it.
    pub kind: String,
    /// What has this look.
    pub text: String,
    /// The address of a link, the language of a code block.
    pub detail: Option<String>,
    start: usize,
    end: usize,
}

struct Open {
    tag: String,
    kind: &'static str,
    detail: Option<String>,
    start: usize,
}

/// Reads a text with tags: what is seen, and its looks, inner ones first.
///
/// # Errors
///
/// Says what Telegram would not understand, or would silently drop.
pub fn visible(html: &str) -> Result<(String, Vec<ShownEntity>), String> {
    let mut text = String::new();
    let mut open: Vec<Open> = Vec::new();
    let mut entities = Vec::new();
    let mut rest = html;
    while let Some(next) = rest.chars().next() {
        match next {
            '<' => {
                let end = rest.find('>').ok_or("unclosed start tag")?;
                tag(&rest[1..end], &text, &mut open, &mut entities)?;
                rest = &rest[end + 1..];
            }
            '&' => {
                let (character, length) = reference(rest)?;
                text.push(character);
                rest = &rest[length..];
            }
            _ => {
                text.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    if let Some(open) = open.last() {
        return Err(format!("can't find end tag corresponding to start tag {}", open.tag));
    }
    check_nesting(&entities)?;
    Ok((text, entities))
}

fn tag(
    tag: &str,
    text: &str,
    open: &mut Vec<Open>,
    entities: &mut Vec<ShownEntity>,
) -> Result<(), String> {
    let Some(name) = tag.strip_prefix('/') else {
        open.push(start(tag, text.len(), open.last())?);
        return Ok(());
    };
    let Some(opened) = open.pop().filter(|opened| opened.tag == name) else {
        return Err(format!("unmatched end tag {name:?}"));
    };
    // The language of a code block is a tag inside of it but no entity of its own.
    if opened.kind == "language" {
        if let Some(pre) = open.last_mut() {
            pre.detail = opened.detail;
        }
        return Ok(());
    }
    if opened.start == text.len() {
        return Err(format!("the tag {name} is empty"));
    }
    entities.push(ShownEntity {
        kind: opened.kind.to_owned(),
        text: text[opened.start..].to_owned(),
        detail: opened.detail,
        start: opened.start,
        end: text.len(),
    });
    Ok(())
}

fn start(tag: &str, start: usize, parent: Option<&Open>) -> Result<Open, String> {
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let attribute = |key: &str| {
        let value = attributes.strip_prefix(key)?.strip_prefix("=\"")?.strip_suffix('"')?;
        Some(value.replace("&quot;", "\"").replace("&amp;", "&"))
    };
    let is_in_pre = parent.is_some_and(|parent| parent.kind == "pre" && parent.start == start);
    let (kind, detail) = match name {
        "b" | "strong" => ("bold", None),
        "i" | "em" => ("italic", None),
        "u" | "ins" => ("underline", None),
        "s" | "strike" | "del" => ("strikethrough", None),
        "blockquote" => ("blockquote", None),
        "pre" => ("pre", None),
        "code" if is_in_pre && !attributes.is_empty() => {
            let class = attribute("class").ok_or("a code tag with a wrong attribute")?;
            let language = class.strip_prefix("language-").ok_or("a class that is no language")?;
            ("language", Some(language.to_owned()))
        }
        "code" => ("code", None),
        "a" => ("text_link", Some(attribute("href").ok_or("a link without an address")?)),
        _ => return Err(format!("unsupported start tag {name:?}")),
    };
    if detail.is_none() && !attributes.is_empty() {
        return Err(format!("the tag {name} with unknown attributes {attributes:?}"));
    }
    Ok(Open { tag: name.to_owned(), kind, detail, start })
}

/// Only four names and numbers are known; Telegram shows any other as it is, which no sender means.
fn reference(rest: &str) -> Result<(char, usize), String> {
    let known = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')];
    let found = known.into_iter().find(|(name, _)| rest.starts_with(name));
    let (name, character) = found.ok_or_else(|| {
        format!("an ampersand that is not escaped: {:?}", rest.chars().take(10).collect::<String>())
    })?;
    Ok((character, name.len()))
}

/// See [Bot API/formatting options](https://core.telegram.org/bots/api#formatting-options).
fn check_nesting(entities: &[ShownEntity]) -> Result<(), String> {
    for outer in entities {
        for inner in entities.iter().filter(|inner| !std::ptr::eq(*inner, outer)) {
            let contains = outer.start <= inner.start && inner.end <= outer.end;
            // Of two that cover the same text the quotation is the outer one.
            let is_same = (outer.start, outer.end) == (inner.start, inner.end);
            let is_around = is_same && inner.kind == "blockquote" && outer.kind != "blockquote";
            if contains && !is_around && !may_contain(&outer.kind, &inner.kind) {
                return Err(format!("{} may not contain {}", outer.kind, inner.kind));
            }
        }
    }
    Ok(())
}

fn may_contain(outer: &str, inner: &str) -> bool {
    let is_simple = |kind: &str| matches!(kind, "bold" | "italic" | "underline" | "strikethrough");
    let is_code = |kind: &str| matches!(kind, "pre" | "code");
    match (outer, inner) {
        (outer, "blockquote") => is_simple(outer) || outer == "text_link",
        ("blockquote", _) => true,
        (outer, inner) if is_code(outer) || is_code(inner) => false,
        ("text_link", "text_link") => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_looks_are_read() {
        let (text, entities) =
            visible("a <b>b &lt; <i>c</i></b> <pre><code class=\"language-rust\">x</code></pre>")
                .unwrap();
        assert_eq!(text, "a b < c x");
        let looks: Vec<_> =
            entities.iter().map(|look| (look.kind.as_str(), look.text.as_str())).collect();
        assert_eq!(looks, [("italic", "c"), ("bold", "b < c"), ("pre", "x")]);
        assert_eq!(entities[2].detail.as_deref(), Some("rust"));
    }

    #[test]
    fn what_telegram_does_not_take_is_refused() {
        for html in [
            "<b>a",
            "a</b>",
            "<b><i>a</b></i>",
            "<h1>a</h1>",
            "a & b",
            "a < b",
            "<b></b>",
            "<b><code>a</code></b>",
            "<a href=\"x\"><code>a</code></a>",
            "<a>b</a>",
            "<blockquote>a<blockquote>b</blockquote></blockquote>",
            "<pre><b>a</b></pre>",
        ] {
            assert!(visible(html).is_err(), "{html}");
        }
    }
}
