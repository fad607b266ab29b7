//! Guesses at what was meant by a mistyped name.

/// Returns the name that was most likely meant.
pub(crate) fn closest<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // One slip is forgiven in short words, two in longer ones.
    let limit = (typed.chars().count() / 3).clamp(1, 2);
    let distance = |name: &str| strsim::damerau_levenshtein(&typed.to_lowercase(), name);
    names
        .into_iter()
        .map(|name| (distance(name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_forgiven_and_other_words_are_not() {
        #[track_caller]
        fn check(typed: &str, expected: Option<&str>) {
            assert_eq!(closest(typed, ["web", "webhook", "telegram"]), expected);
        }
        check("Webhok", Some("webhook"));
        check("wbe", Some("web"));
        check("matrix", None);
    }
}
