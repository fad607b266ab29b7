//! Names of keys: the two spellings, and guesses at what was meant.

/// Bytes of the longest name worth comparing; comparing costs time and memory in proportion to the length.
const LONGEST_GUESSED: usize = 64;

/// Returns the camelCase spelling of a snake_case key; a key without `_` inside comes back unchanged.
pub(crate) fn camel(key: &str) -> String {
    let mut camel = String::with_capacity(key.len());
    let mut upper_next = false;
    for character in key.chars() {
        match character {
            '_' if !camel.is_empty() => upper_next = true,
            _ if upper_next => {
                camel.extend(character.to_uppercase());
                upper_next = false;
            }
            _ => camel.push(character),
        }
    }
    camel
}

/// Tells whether two keys are spellings of one key.
pub(crate) fn same_key(left: &str, right: &str) -> bool {
    left == right || camel(left) == camel(right)
}

/// Reduces a name to what is compared when neither case nor separators matter.
pub(crate) fn fold(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns the candidate that a mistyped name most likely stands for.
pub(crate) fn closest<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if typed.len() > LONGEST_GUESSED {
        return None;
    }
    let typed: Vec<char> = fold(typed).chars().collect();
    // One slip is forgiven in short words, two in longer ones; more would suggest unrelated keys.
    let limit = (typed.len() / 3).clamp(1, 2);
    candidates
        .into_iter()
        .map(|candidate| {
            let folded: Vec<char> = fold(candidate).chars().collect();
            (distance(&typed, &folded), candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Counts insertions, removals, replacements and swaps of neighbours between two words.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_have_one_camel_case_form() {
        for (typed, expected) in [
            ("allow_from", "allowFrom"),
            ("allowFrom", "allowFrom"),
            ("interval_s", "intervalS"),
            ("_private", "_private"),
            ("my-channel", "my-channel"),
            ("trailing_", "trailing"),
        ] {
            assert_eq!(camel(typed), expected, "{typed}");
        }
    }

    #[test]
    fn slips_are_recognised_and_unrelated_words_are_not() {
        let known = ["model", "maxTokens", "temperature"];
        for (typed, expected) in [
            ("modle", Some("model")),
            ("max_token", Some("maxTokens")),
            ("temprature", Some("temperature")),
            ("timezone", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, known), expected, "{typed}");
        }
    }
}
