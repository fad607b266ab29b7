/// Closes the emphasis and code that an unfinished text has open, so that a reader of a stream sees
/// bold text grow instead of asterisks that vanish when the last word arrives.
#[must_use]
pub fn close_open_marks(text: &str) -> String {
    if is_in_fence(text) {
        return text.to_owned();
    }
    // Marks at the very end open something that has no text yet.
    let shown = text.trim_end_matches(['*', '~', '`', '_']).trim_end();
    let paragraph = shown.rsplit("\n\n").next().unwrap_or_default();
    let closing: String = open_marks(paragraph).iter().rev().copied().collect();
    format!("{shown}{closing}")
}

fn is_in_fence(text: &str) -> bool {
    let is_fence = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("```") || line.starts_with("~~~")
    };
    text.lines().filter(is_fence).count() % 2 == 1
}

fn open_marks(paragraph: &str) -> Vec<&'static str> {
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = paragraph;
    while let Some(next) = rest.chars().next() {
        let is_in_code = open.last() == Some(&"`");
        let mark = ["`", "**", "~~"].into_iter().find(|mark| rest.starts_with(mark));
        let Some(mark) = mark.filter(|mark| !is_in_code || *mark == "`") else {
            rest = &rest[next.len_utf8()..];
            continue;
        };
        match open.iter().rposition(|open| *open == mark) {
            Some(position) => open.truncate(position),
            None => open.push(mark),
        }
        rest = &rest[mark.len()..];
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unfinished: &str, mended: &str) {
        assert_eq!(close_open_marks(unfinished), mended);
    }

    #[test]
    fn open_emphasis_and_code_are_closed() {
        check("all **bold te", "all **bold te**");
        check("call `run", "call `run`");
        check("**a `b", "**a `b`**");
        check("~~old", "~~old~~");
        check("**done** and", "**done** and");
    }

    #[test]
    fn marks_without_text_yet_are_left_out() {
        check("see **", "see");
        check("see `", "see");
        check("done **bold*", "done **bold**");
    }

    #[test]
    fn asterisks_inside_code_are_code() {
        check("`a ** b", "`a ** b`");
        check("```\nlet x = **p", "```\nlet x = **p");
    }
}
