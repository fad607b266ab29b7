/// The end of the last character that a reader would call one: an emoji of several code points is
/// not cut.
#[must_use]
pub fn whole_character(window: &str, text: &str) -> usize {
    let is_whole = |position: &usize| *position > 0 && is_boundary(text, *position);
    let starts = window.char_indices().rev().map(|(position, _)| position);
    let whole = std::iter::once(window.len()).chain(starts).take(64).find(is_whole);
    // At least one character, or there would be no progress.
    let first = text.chars().next().map_or(text.len(), char::len_utf8);
    whole.unwrap_or(window.len()).max(first)
}

fn is_boundary(text: &str, position: usize) -> bool {
    const JOINER: char = '\u{200D}';
    let before = text[..position].chars().next_back();
    let after = text[position..].chars().next();
    let joins = |c: char| {
        matches!(u32::from(c),
            0x0300..=0x036F | 0x200D | 0x20E3 | 0xFE00..=0xFE0F | 0x1F3FB..=0x1F3FF
            | 0xE0020..=0xE007F)
    };
    let is_flag = |c: char| matches!(u32::from(c), 0x1F1E6..=0x1F1FF);
    let flags = text[..position].chars().rev().take_while(|c| is_flag(*c)).count();
    let splits_flag = flags % 2 == 1 && after.is_some_and(is_flag);
    before != Some(JOINER) && !after.is_some_and(joins) && !splits_flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, limit: usize, expected: usize) {
        assert_eq!(whole_character(&text[..limit], text), expected);
    }

    #[test]
    fn a_character_of_several_code_points_is_not_cut() {
        let family = "a👩\u{200D}👧";
        check(family, 5, 1);
        check(family, family.len(), family.len());
        check("a\u{1F1E9}\u{1F1EA}", 5, 1);
        check("ae\u{301}", 2, 1);
    }

    #[test]
    fn there_is_always_progress() {
        check("😀", 0, 4);
        check("abc", 2, 2);
    }
}
