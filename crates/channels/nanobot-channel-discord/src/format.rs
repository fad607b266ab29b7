//! Markdown to what Discord shows. Pure functions of text.

mod escape;
mod inline;
mod line;
mod markdown;
mod pack;
mod table;

/// Longest text of one message. Discord counts characters; UTF-16 units are never fewer.
/// See [Discord/create message](https://docs.discord.com/developers/resources/message#create-message).
const MAX_UNITS: usize = 2000;

/// Markdown as the texts of messages, in order; none if nothing would be seen.
pub(crate) fn render(markdown: &str) -> Vec<String> {
    let lines = markdown::parse(markdown);
    // Some Markdown shows nothing, a link definition alone for example: better the source then.
    if lines.iter().all(line::Line::is_blank) {
        return pack::pack(line::plain(markdown), MAX_UNITS);
    }
    pack::pack(lines, MAX_UNITS)
}

/// The same in small letters, for what is said beside the answer.
pub(crate) fn render_small(markdown: &str) -> Vec<String> {
    let mut lines = markdown::parse(markdown);
    for line in lines.iter_mut().filter(|line| line.code.is_none() && !line.is_blank()) {
        line.prefix = "-# ".to_owned();
    }
    pack::pack(lines, MAX_UNITS)
}

fn utf16_units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
