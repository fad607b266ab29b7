//! Text that must not be taken for Discord's Markdown.

/// Puts backslashes before what would be markup. Addresses and Discord's own marks (`<@1>`,
/// `<:name:1>`, `<t:1>`) stay as they are.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let kept = address_length(rest).or_else(|| mark_length(rest));
        if let Some(length) = kept {
            escaped.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        if is_markup(next, rest) {
            escaped.push('\\');
        }
        escaped.push(next);
        rest = &rest[next.len_utf8()..];
    }
    escaped
}

/// The same for text at the start of a line, where more counts as markup.
pub(super) fn escape_line_start(text: &str) -> String {
    let escaped = escape(text);
    let trimmed = text.trim_start();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && trimmed[digits..].starts_with(". ") {
        return escaped.replacen(". ", "\\. ", 1);
    }
    let starts = ["# ", "## ", "### ", "-# ", "- ", "+ ", "> ", ">>> "];
    if starts.iter().any(|start| trimmed.starts_with(start)) {
        let indent = text.len() - trimmed.len();
        return format!("{}\\{}", &escaped[..indent], &escaped[indent..]);
    }
    escaped
}

fn is_markup(next: char, rest: &str) -> bool {
    match next {
        '\\' | '*' | '_' | '`' | '~' => true,
        // Two of them hide what is between.
        '|' => rest.starts_with("||"),
        '[' => rest.contains("]("),
        _ => false,
    }
}

fn address_length(rest: &str) -> Option<usize> {
    if !rest.starts_with("http://") && !rest.starts_with("https://") {
        return None;
    }
    let is_end = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"');
    let address = &rest[..rest.find(is_end).unwrap_or(rest.len())];
    // Marks at the end belong to the sentence.
    Some(address.trim_end_matches(['*', '_', '~', '`', '|', '.', ',', ')']).len())
}

/// See [Discord/message formatting](https://docs.discord.com/developers/reference#message-formatting).
fn mark_length(rest: &str) -> Option<usize> {
    let starts = ["<@", "<#", "<:", "<a:", "<t:", "</", "<id:"];
    if !starts.iter().any(|start| rest.starts_with(start)) {
        return None;
    }
    let end = rest.find('>')?;
    let inside = &rest[1..end];
    let is_mark = inside.bytes().any(|byte| byte.is_ascii_digit())
        && !inside.contains(char::is_whitespace)
        && inside.len() <= 64;
    is_mark.then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_addresses_and_marks_are_not() {
        assert_eq!(
            escape("2*3 snake_case `x` ~~ a|b ||c||"),
            r"2\*3 snake\_case \`x\` \~\~ a|b \||c\||"
        );
        assert_eq!(escape("see https://a.b/c_d*e_ now_"), r"see https://a.b/c_d*e\_ now\_");
        assert_eq!(escape("<@12> <:my_cat:34> <b_c>"), r"<@12> <:my_cat:34> <b\_c>");
        assert_eq!(escape("[a](b) [c]"), r"\[a](b) [c]");
    }

    #[test]
    fn start_of_a_line_is_no_list_and_no_heading() {
        assert_eq!(escape_line_start("# no heading"), r"\# no heading");
        assert_eq!(escape_line_start("- no item"), r"\- no item");
        assert_eq!(escape_line_start("1984. A year"), r"1984\. A year");
        assert_eq!(escape_line_start("#tag -x"), "#tag -x");
        assert_eq!(escape_line_start("3.5 is a number"), "3.5 is a number");
    }
}
