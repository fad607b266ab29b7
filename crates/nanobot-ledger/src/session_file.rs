use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::SessionInfo;

/// Characters that may not stand in a file name on some system.
const UNSAFE_CHARACTERS: &[char] = &['<', '>', ':', '"', '/', '\\', '|', '?', '*'];

/// A session as one JSON-lines file: a line about the session, then one line for each entry.
///
/// The line about the session looks like `{"_type": "metadata", "key": …, "created_at": …,
/// "updated_at": …, "metadata": {…}, "last_consolidated": 0}`. Old files do not have it.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionFile {
    /// Name of the session.
    pub key: String,
    /// The line about the session, as it was read.
    pub metadata: Map<String, Value>,
    /// The history, oldest first: one JSON object each.
    pub entries: Vec<String>,
    /// Lines that could not be read, e.g. one that was cut off while it was written.
    pub unreadable_lines: usize,
}

impl SessionFile {
    /// Reads the text of a file. The key is told by the line about the session, else by an entry,
    /// else by the file's name.
    #[must_use]
    pub fn parse(file_stem: &str, text: &str) -> Self {
        let mut file = Self {
            key: String::new(),
            metadata: Map::new(),
            entries: Vec::new(),
            unreadable_lines: 0,
        };
        let mut named_by_entry = None;
        for line in text.lines().map(str::trim).filter(|it| !it.is_empty()) {
            match serde_json::from_str::<Map<String, Value>>(line) {
                Ok(fields) if fields.get("_type") == Some(&json!("metadata")) => {
                    file.metadata = fields;
                }
                Ok(fields) => {
                    named_by_entry = named_by_entry.or_else(|| name_in(&fields, "session_key"));
                    file.entries.push(line.to_owned());
                }
                Err(_) => file.unreadable_lines += 1,
            }
        }
        file.key = name_in(&file.metadata, "key")
            .or(named_by_entry)
            .unwrap_or_else(|| file_stem.replacen('_', ":", 1));
        file
    }

    /// The session with these entries, to be written to a file.
    #[must_use]
    pub fn new(info: SessionInfo, entries: Vec<String>) -> Self {
        let mut metadata = Map::new();
        metadata.insert("_type".into(), "metadata".into());
        metadata.insert("key".into(), info.key.clone().into());
        metadata.insert("created_at".into(), local_time(info.created_ms).into());
        metadata.insert("updated_at".into(), local_time(info.used_ms).into());
        metadata.insert("metadata".into(), json!({}));
        metadata.insert("last_consolidated".into(), 0.into());
        let kept = info.metadata.into_iter().filter(|(name, _)| name != "updated_at");
        metadata.extend(kept);
        Self { key: info.key, metadata, entries, unreadable_lines: 0 }
    }

    /// The text of the file.
    #[must_use]
    pub fn to_jsonl(&self) -> String {
        let mut text = Value::Object(self.metadata.clone()).to_string();
        text.push('\n');
        for entry in &self.entries {
            text.push_str(entry);
            text.push('\n');
        }
        text
    }

    /// The name of the file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.jsonl", self.key.replace(UNSAFE_CHARACTERS, "_").trim())
    }
}

fn name_in(fields: &Map<String, Value>, field: &str) -> Option<String> {
    let name = fields.get(field)?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The local time without an offset, which is what readers of these files expect.
fn local_time(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms)
        .unwrap_or_default()
        .to_zoned(TimeZone::system())
        .datetime()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_told_by_the_metadata_then_by_an_entry_then_by_the_name() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(SessionFile::parse("telegram_4_2", text).key, expected);
        }
        check(r#"{"role":"user","content":"hi"}"#, "telegram:4_2");
        check(r#"{"_type":"metadata","key":"slack:C:1"}"#, "slack:C:1");
        check(r#"{"role":"user","session_key":"family"}"#, "family");
        check("", "telegram:4_2");
    }

    #[test]
    fn a_file_is_written_as_it_was_read_and_a_torn_line_is_counted() {
        let text = concat!(
            r#"{"_type":"metadata","key":"a:1","created_at":"2026-01-02T03:04:05","metadata":{"x":1},"last_consolidated":2}"#,
            "\n",
            r#"{"role": "user", "content": "hi", "unknown": [1]}"#,
            "\n",
        );
        let file = SessionFile::parse("a_1", &format!("{text}{{\"role\": \"assi"));
        assert_eq!((file.to_jsonl().as_str(), file.unreadable_lines), (text, 1));
    }

    #[test]
    fn a_file_name_holds_no_character_that_a_system_forbids() {
        let file = SessionFile::parse("x", r#"{"_type":"metadata","key":"email:a/b?<c>"}"#);
        assert_eq!(file.file_name(), "email_a_b__c_.jsonl");
    }
}
