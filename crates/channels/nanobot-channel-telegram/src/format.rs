//! Markdown to what Telegram shows. Pure functions of text.

mod html;
mod markdown;
mod records;
mod split;
mod styled;

use styled::Styled;

/// Longest text of one message, in UTF-16 units after the entities are parsed.
/// See [Bot API/sendMessage](https://core.telegram.org/bots/api#sendmessage).
pub(crate) const MAX_UNITS: usize = 4096;

/// A text that fits into one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// With Telegram's HTML tags.
    pub(crate) html: String,
    /// Without any markup, for when Telegram refuses the tags.
    pub(crate) plain: String,
}

/// Markdown as messages, in order; none if nothing would be seen.
pub(crate) fn render(markdown: &str) -> Vec<Part> {
    parts(&styled(markdown))
}

/// The same inside a quotation.
pub(crate) fn render_quoted(markdown: &str) -> Vec<Part> {
    parts(&styled(markdown).quoted())
}

fn styled(markdown: &str) -> Styled {
    let styled = markdown::parse(markdown);
    // Some Markdown shows nothing, a link definition alone for example: better the source then.
    if styled.is_blank() { Styled::plain(markdown) } else { styled }
}

fn parts(styled: &Styled) -> Vec<Part> {
    let parts = split::split(styled, MAX_UNITS);
    parts.iter().map(|part| Part { html: html::render(part), plain: part.text() }).collect()
}

/// Length as Telegram counts it.
pub(crate) fn utf16_units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
