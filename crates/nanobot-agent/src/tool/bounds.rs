//! Keeps results short enough for a model.

/// Cuts a long text in the middle: what a command says last is as telling as how it begins.
pub(crate) fn bounded(text: String, max_chars: usize) -> String {
    // No text has more characters than bytes.
    if text.len() <= max_chars {
        return text;
    }
    let length = text.chars().count();
    if length <= max_chars {
        return text;
    }
    let tail = max_chars / 4;
    let head = max_chars - tail;
    let left_out = length - max_chars;
    let head_end = place(&text, head);
    let tail_start = place(&text, length - tail);
    format!(
        "{}\n\n[… {left_out} characters left out …]\n\n{}",
        &text[..head_end],
        &text[tail_start..]
    )
}

fn place(text: &str, char_index: usize) -> usize {
    text.char_indices().nth(char_index).map_or(text.len(), |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_their_head_and_tail() {
        assert_eq!(bounded("äöü".to_owned(), 3), "äöü");
        let text = format!("{}{}", "ä".repeat(30), "z".repeat(30));
        let expected = format!("{}\n\n[… 52 characters left out …]\n\nzz", "ä".repeat(6));
        assert_eq!(bounded(text, 8), expected);
    }
}
