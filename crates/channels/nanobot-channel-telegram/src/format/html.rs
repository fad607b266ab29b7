use super::styled::{Styled, Tag};

/// Writes text with its looks in the subset of HTML that the Bot API understands.
/// See [Bot API/HTML style](https://core.telegram.org/bots/api#html-style).
pub(super) fn render(styled: &Styled) -> String {
    let mut html = String::new();
    let mut open: Vec<&Tag> = Vec::new();
    for run in &styled.runs {
        let kept = open.iter().zip(&run.tags).take_while(|(open, tag)| **open == *tag).count();
        close(&mut html, &mut open, kept);
        for tag in &run.tags[kept..] {
            html.push_str(&start(tag));
            open.push(tag);
        }
        html.push_str(&escape(&run.text));
    }
    close(&mut html, &mut open, 0);
    html
}

fn close(html: &mut String, open: &mut Vec<&Tag>, kept: usize) {
    while open.len() > kept {
        if let Some(tag) = open.pop() {
            html.push_str(end(tag));
        }
    }
}

fn start(tag: &Tag) -> String {
    match tag {
        Tag::Quote(_) => "<blockquote>".to_owned(),
        Tag::Pre { language, .. } if language.is_empty() => "<pre>".to_owned(),
        Tag::Pre { language, .. } => format!("<pre><code class=\"language-{language}\">"),
        Tag::Link(url) => format!("<a href=\"{}\">", escape(url).replace('"', "&quot;")),
        Tag::Bold => "<b>".to_owned(),
        Tag::Italic => "<i>".to_owned(),
        Tag::Strike => "<s>".to_owned(),
        Tag::Code => "<code>".to_owned(),
    }
}

fn end(tag: &Tag) -> &'static str {
    match tag {
        Tag::Quote(_) => "</blockquote>",
        Tag::Pre { language, .. } if language.is_empty() => "</pre>",
        Tag::Pre { .. } => "</code></pre>",
        Tag::Link(_) => "</a>",
        Tag::Bold => "</b>",
        Tag::Italic => "</i>",
        Tag::Strike => "</s>",
        Tag::Code => "</code>",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
