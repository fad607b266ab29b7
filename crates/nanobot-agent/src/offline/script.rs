//! Scripts of the offline model.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::ScriptedAnswer;

/// Largest script that is read.
const MAX_SCRIPT_BYTES: u64 = 4 * 1024 * 1024;

/// Rules of the offline model.
#[derive(Debug, Clone)]
pub struct Script {
    rules: Vec<Rule>,
}

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// File cannot be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The script.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// File is not a list of rules.
    #[error("{} is not a valid script at `{field}`", path.display())]
    Invalid {
        /// The script.
        path: PathBuf,
        /// Rule and field, as in `[0].reply`.
        field: String,
        /// What is wrong there.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(rename = "match")]
    pattern: String,
    reply: Option<String>,
    pieces: Option<Vec<String>>,
    #[serde(default)]
    delay_ms: u64,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// Returns which file and which field cannot be used.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let unreadable = |source| ScriptError::Read { path: path.to_owned(), source };
        let mut text = String::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(MAX_SCRIPT_BYTES).read_to_string(&mut text).map_err(unreadable)?;
        Self::parse(&text).map_err(|(field, source)| ScriptError::Invalid {
            path: path.to_owned(),
            field,
            source,
        })
    }

    fn parse(text: &str) -> Result<Self, (String, Box<dyn std::error::Error + Send + Sync>)> {
        let mut json = serde_json::Deserializer::from_str(text);
        let rules: Vec<Rule> = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| (error.path().to_string(), error.into_inner().into()))?;
        for (index, rule) in rules.iter().enumerate() {
            rule.check().map_err(|(field, wrong)| (format!("[{index}].{field}"), wrong.into()))?;
        }
        Ok(Self { rules })
    }

    /// The answer of the first rule that matches.
    pub(crate) fn answer(&self, text: &str) -> Option<ScriptedAnswer> {
        let said = text.to_lowercase();
        let rule = self.rules.iter().find(|rule| matches(&rule.pattern.to_lowercase(), &said))?;
        Some(ScriptedAnswer {
            pieces: rule.answer(text),
            delay: Duration::from_millis(rule.delay_ms),
        })
    }
}

impl Rule {
    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        match (&self.reply, &self.pieces) {
            _ if self.pattern.is_empty() => Err(("match", "it is empty; `*` matches everything")),
            (None, None) => Err(("reply", "neither `reply` nor `pieces` is given")),
            (Some(reply), Some(pieces)) if *reply != pieces.concat() => {
                Err(("pieces", "the pieces are not the text of `reply`"))
            }
            _ => Ok(()),
        }
    }

    fn answer(&self, text: &str) -> Vec<String> {
        let fill = |piece: &str| piece.replace("{text}", text);
        match (&self.pieces, &self.reply) {
            (Some(pieces), _) => pieces.iter().map(|piece| fill(piece)).collect(),
            (None, Some(reply)) => fill(reply).split_inclusive(' ').map(str::to_owned).collect(),
            (None, None) => Vec::new(),
        }
    }
}

/// Whether a pattern matches: as a part of the text, or with `*` as a pattern for all of it.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return text.contains(pattern);
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(position) = text.find(part) else {
            return false;
        };
        text = &text[position + part.len()..];
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_a_part_or_with_stars_the_whole() {
        for (pattern, text, expected) in [
            ("tea", "some tea please", true),
            ("tea", "coffee", false),
            ("*", "", true),
            ("*", "anything", true),
            ("some*please", "some tea please", true),
            ("some*please", "some tea please!", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("*end", "the end", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_first_matching_rule_answers() {
        let script = Script::parse(
            r#"[{"match": "Tea", "reply": "A cup of {text}"},
                {"match": "joke*", "pieces": ["Knock ", "knock"], "delay_ms": 5}]"#,
        )
        .expect("the script is valid");
        let tea = script.answer("green TEA").expect("a rule matches");
        assert_eq!(tea.pieces, ["A ", "cup ", "of ", "green ", "TEA"]);
        let joke = script.answer("joke!").expect("a rule matches");
        assert_eq!((joke.pieces.len(), joke.delay), (2, Duration::from_millis(5)));
        assert_eq!(script.answer("something else"), None);
    }

    #[test]
    fn a_bad_script_is_refused_with_the_field() {
        #[track_caller]
        fn check(text: &str, field: &str, wrong: &str) {
            let (at, source) = Script::parse(text).expect_err("the script is not valid");
            assert_eq!(at, field);
            assert!(source.to_string().contains(wrong), "{source}");
        }
        check(r#"[{"match": "a", "reply": 5}]"#, "[0].reply", "invalid type");
        check(r#"[{"match": "a", "reply": "b"}, {"match": "c"}]"#, "[1].reply", "neither");
        check(r#"[{"match": "a", "reply": "b", "pieces": ["c"]}]"#, "[0].pieces", "not the text");
        check(r#"[{"match": "", "reply": "b"}]"#, "[0].match", "empty");
        check(r#"[{"match": "a", "answer": "b"}]"#, "[0].answer", "unknown field `answer`");
        check(r#"{"rules": []}"#, ".", "invalid type: map");
    }
}
