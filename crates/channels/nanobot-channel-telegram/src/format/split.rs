use nanobot_channel_kit::whole_character;

use super::styled::{Run, Styled, Tag};
use super::utf16_units;

/// Telegram ignores the entities of a message beyond this number.
const MAX_ENTITIES: usize = 100;

/// Cuts a text into parts of at most `max_units` UTF-16 units, greedily from its start, so that a
/// text that grows at its end keeps its first parts.
pub(super) fn split(styled: &Styled, max_units: usize) -> Vec<Styled> {
    let mut parts = Vec::new();
    let mut rest = trimmed(styled.clone());
    while !rest.is_blank() {
        let text = rest.text();
        let mut cut = cut_position(&rest, &text, max_units);
        let (mut part, mut after) = cut_at(&rest, cut);
        let entities = entity_count(&part);
        if entities > MAX_ENTITIES {
            let fewer = utf16_units(&text[..cut]) * MAX_ENTITIES / entities;
            cut = cut_position(&rest, &text, fewer.max(1));
            (part, after) = cut_at(&rest, cut);
        }
        rest = after;
        if !part.is_blank() {
            parts.push(trimmed(part));
        }
    }
    parts
}

/// Where to end the first part: the best place that fits.
fn cut_position(styled: &Styled, text: &str, max_units: usize) -> usize {
    let fits = fitting_length(text, max_units);
    if fits == text.len() {
        return fits;
    }
    let window = &text[..fits];
    let is_outside = |position: &usize| tags_at(styled, *position).is_none_or(is_breakable);
    let is_in_text = |position: &usize| !is_in_pre(styled, *position);
    let far = |position: &usize, share: usize| *position >= fits / share;

    let paragraph = positions(window, "\n\n").filter(is_in_text).find(|place| far(place, 2));
    let line = || positions(window, "\n").find(|place| far(place, 4));
    let word = || positions(window, " ").filter(is_outside).find(|place| far(place, 4));
    paragraph.or_else(line).or_else(word).unwrap_or_else(|| whole_character(window, text))
}

/// Bytes of the longest prefix with at most so many UTF-16 units.
fn fitting_length(text: &str, max_units: usize) -> usize {
    let mut units = 0;
    for (position, character) in text.char_indices() {
        units += character.len_utf16();
        if units > max_units {
            return position;
        }
    }
    text.len()
}

fn positions<'a>(window: &'a str, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
    window.rmatch_indices(pattern).map(|(position, _)| position)
}

fn tags_at(styled: &Styled, position: usize) -> Option<&[Tag]> {
    let mut end = 0;
    styled.runs.iter().find_map(|run| {
        end += run.text.len();
        (position < end).then_some(run.tags.as_slice())
    })
}

fn is_breakable(tags: &[Tag]) -> bool {
    !tags.iter().any(|tag| matches!(tag, Tag::Link(_) | Tag::Code))
}

fn is_in_pre(styled: &Styled, position: usize) -> bool {
    tags_at(styled, position)
        .is_some_and(|tags| tags.iter().any(|tag| matches!(tag, Tag::Pre { .. })))
}

/// The text before and after a position. The blank space at the cut goes, but inside a code block
/// only the end of the line does, for the next line's indentation means something.
fn cut_at(styled: &Styled, position: usize) -> (Styled, Styled) {
    let (mut before, mut after) = (Styled::default(), Styled::default());
    let mut start = 0;
    for run in &styled.runs {
        let inside = position.saturating_sub(start).min(run.text.len());
        before.push(&run.text[..inside], run.tags.clone());
        after.push(&run.text[inside..], run.tags.clone());
        start += run.text.len();
    }
    trim_start(&mut after);
    (before, after)
}

fn trimmed(mut styled: Styled) -> Styled {
    trim_start(&mut styled);
    while let Some(last) = styled.runs.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            break;
        }
        styled.runs.pop();
    }
    styled
}

fn trim_start(styled: &mut Styled) {
    let kept = |run: &Run| {
        let is_pre = run.tags.iter().any(|tag| matches!(tag, Tag::Pre { .. }));
        let text = &run.text;
        if is_pre { text.strip_prefix('\n').unwrap_or(text) } else { text.trim_start() }.to_owned()
    };
    while let Some(first) = styled.runs.first_mut() {
        first.text = kept(first);
        if !first.text.is_empty() {
            return;
        }
        styled.runs.remove(0);
    }
}

fn entity_count(styled: &Styled) -> usize {
    let mut open: &[Tag] = &[];
    let mut count = 0;
    for run in &styled.runs {
        let kept = open.iter().zip(&run.tags).take_while(|(open, tag)| open == tag).count();
        count += run.tags.len() - kept;
        open = &run.tags;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::{html, markdown};
    use super::*;

    #[track_caller]
    fn check(source: &str, max_units: usize, expected: &[&str]) {
        let parts = split(&markdown::parse(source), max_units);
        let parts: Vec<String> = parts.iter().map(html::render).collect();
        assert_eq!(parts, expected);
    }

    #[test]
    fn text_is_cut_between_paragraphs_then_lines_then_words() {
        check("aaaa bbbb\n\ncccc dddd", 14, &["aaaa bbbb", "cccc dddd"]);
        check("aaaa bbbb\ncccc dddd", 14, &["aaaa bbbb", "cccc dddd"]);
        check("aaaa bbbb cccc", 9, &["aaaa", "bbbb cccc"]);
        check("aaaabbbbcccc", 5, &["aaaab", "bbbcc", "cc"]);
    }

    #[test]
    fn code_block_that_is_cut_is_closed_and_opened_again() {
        check(
            "```rust\nfn a() {\n    b();\n}\n```",
            12,
            &[
                "<pre><code class=\"language-rust\">fn a() {</code></pre>",
                "<pre><code class=\"language-rust\">    b();\n}</code></pre>",
            ],
        );
    }

    #[test]
    fn link_and_inline_code_are_not_cut_if_they_fit() {
        check(
            "aaaa bb [cc dd](https://a.b)",
            12,
            &["aaaa bb", "<a href=\"https://a.b\">cc dd</a>"],
        );
        check("aaaa bb `cc dd`", 12, &["aaaa bb", "<code>cc dd</code>"]);
    }

    #[test]
    fn emoji_of_several_code_points_is_not_cut() {
        check("aaa👩‍👩‍👧b", 8, &["aaa", "👩‍👩‍👧", "b"]);
    }

    #[test]
    fn surrogate_pair_is_not_cut() {
        check("aaa😀😀", 4, &["aaa", "😀😀"]);
    }

    #[test]
    fn every_part_of_a_long_text_fits_and_nothing_is_lost() {
        let source = "**Wörter** und 😀 `code` in [Links](https://a.b/c) ohne Ende. ".repeat(700);
        let styled = markdown::parse(&source);
        let parts = split(&styled, 4096);
        for part in &parts {
            assert!(utf16_units(&part.text()) <= 4096);
            assert!(entity_count(part) <= MAX_ENTITIES);
        }
        let squeeze = |text: String| text.split_whitespace().collect::<String>();
        let joined: String = parts.iter().map(Styled::text).collect();
        assert_eq!(squeeze(joined), squeeze(styled.text()));
    }

    #[test]
    fn text_that_grows_keeps_its_first_parts() {
        let source = "Line one of many.\n\nAnother paragraph here.\n".repeat(20);
        let all = split(&markdown::parse(&source), 100);
        let earlier = split(&markdown::parse(&source[..500]), 100);
        assert_eq!(all[..3], earlier[..3]);
    }
}
