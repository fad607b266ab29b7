//! Keeps keys out of what providers say about a failure.

use std::fmt;

use secrecy::ExposeSecret;

use crate::settings::ProviderSettings;

/// Longest part of a provider's text that is shown.
const MAX_EXCERPT_CHARS: usize = 300;
/// Shorter values stand in too many innocent texts.
const SHORTEST_SECRET: usize = 6;
/// Beginnings of words that are keys, maybe of somebody else.
const KEY_STARTS: [&str; 4] = ["sk-", "gsk_", "AIza", "Bearer"];

/// The secrets that were sent to a provider and must not come back to a person.
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub(crate) fn new(configured: &ProviderSettings) -> Self {
        let secrets = configured.extra_headers.values().chain(configured.key());
        let values = secrets.map(|secret| secret.expose_secret().trim().to_owned());
        Self(values.filter(|value| value.len() >= SHORTEST_SECRET).collect())
    }

    /// A short part of `text` on one line, without secrets.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret, "***");
        }
        let words: Vec<&str> = text.split_whitespace().map(mask_key).collect();
        let text = words.join(" ");
        match text.char_indices().nth(MAX_EXCERPT_CHARS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} secrets", self.0.len())
    }
}

fn mask_key(word: &str) -> &str {
    let start = word.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
    if KEY_STARTS.iter().any(|key| start.starts_with(key)) { "***" } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_masked_and_long_texts_are_cut() {
        let configured = ProviderSettings {
            api_key: Some("very-secret-key".to_owned().into()),
            ..ProviderSettings::default()
        };
        let secrets = Secrets::new(&configured);
        assert_eq!(
            secrets.excerpt("bad key \"very-secret-key\",\n or 'sk-abc' maybe"),
            "bad key \"***\", or *** maybe"
        );
        assert_eq!(secrets.excerpt(&"ä".repeat(1_000)).chars().count(), MAX_EXCERPT_CHARS + 1);
        assert!(!format!("{secrets:?}").contains("very-secret-key"));
    }
}
