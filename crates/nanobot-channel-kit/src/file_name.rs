/// Longest name that is kept, in bytes.
const MAX_BYTES: usize = 80;

/// A name that stays inside its folder and needs no quotes: letters, digits, dot, dash, underscore.
#[must_use]
pub fn safe_name(name: &str) -> String {
    let is_safe = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = name.chars().map(|c| if is_safe(c) { c } else { '_' }).collect();
    let name = name.trim_start_matches('.');
    // The end of a name says what it is, so the start is cut.
    let excess = name.len().saturating_sub(MAX_BYTES);
    let start = (excess..name.len()).find(|start| name.is_char_boundary(*start)).unwrap_or(0);
    name[start..].trim_start_matches('.').to_owned()
}

/// True for the type of a file such as `image/png`, without parameters.
#[must_use]
pub fn is_media_type(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_word(kind) && is_word(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_of_a_file_is_two_words_and_can_break_no_header() {
        assert!(is_media_type("image/svg+xml") && is_media_type("application/vnd.ms-excel"));
        for text in ["image", "image/", "a/b/c", "a/b; c=d", "a/b\r\nc", ""] {
            assert!(!is_media_type(text), "{text}");
        }
    }

    #[test]
    fn names_cannot_leave_their_folder() {
        assert_eq!(safe_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe_name("..."), "");
        assert_eq!(safe_name("Bericht Müller?.pdf"), "Bericht_Müller_.pdf");
        let long = safe_name(&format!("{}.pdf", "ü".repeat(300)));
        assert!(long.len() <= MAX_BYTES && long.ends_with("ü.pdf"));
    }
}
