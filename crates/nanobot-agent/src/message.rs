//! One entry of a session's history.

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::tool_call::ToolCall;

/// Who said a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions to the model.
    System,
    /// A person.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

/// One entry of a session's history, in the shape of one line of a session file.
///
/// Calls of tools and their results stand in `extra`, as in the session files; fields this version
/// does not know are kept as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said. The parts of a mixed content are joined; a missing content is empty.
    #[serde(default, deserialize_with = "content_text")]
    pub content: String,
    /// When it was said, as written in the session file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Everything else that stands in the entry.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Message {
    /// An entry said now.
    #[must_use]
    pub fn now(role: Role, content: impl Into<String>) -> Self {
        let now = Timestamp::now();
        let timestamp = now.round(Unit::Microsecond).unwrap_or(now).to_string();
        Self { role, content: content.into(), timestamp: Some(timestamp), extra: Map::new() }
    }

    /// What the model said before, and with, these calls of tools.
    #[must_use]
    pub fn with_tool_calls(content: impl Into<String>, calls: &[ToolCall]) -> Self {
        let mut message = Self::now(Role::Assistant, content);
        message.extra.insert("tool_calls".to_owned(), json!(calls));
        message
    }

    /// The result of a call.
    #[must_use]
    pub fn tool_result(call: &ToolCall, content: impl Into<String>) -> Self {
        let mut message = Self::now(Role::Tool, content);
        message.extra.insert("tool_call_id".to_owned(), json!(call.id));
        message.extra.insert("name".to_owned(), json!(call.function.name));
        message
    }

    /// The calls of tools in it; one that is not understood is left out.
    #[must_use]
    pub fn tool_calls(&self) -> Vec<ToolCall> {
        let calls = self.extra.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
        calls.filter_map(|call| ToolCall::deserialize(call).ok()).collect()
    }

    /// Which call it is the result of.
    #[must_use]
    pub fn tool_call_id(&self) -> Option<&str> {
        self.extra.get("tool_call_id")?.as_str()
    }
}

/// Reads `null`, a text, or a list of parts of which some have a text.
fn content_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_the_fields_it_does_not_know() {
        let line = r#"{"role":"assistant","content":"Hi","timestamp":"2026-04-05T12:34:56.123456","tool_calls":[{"id":"1"}]}"#;
        let message: Message = serde_json::from_str(line).expect("the line is a message");
        assert_eq!(message.content, "Hi");
        assert_eq!(serde_json::to_string(&message).expect("a message is JSON"), line);
    }

    #[test]
    fn mixed_and_missing_contents_are_read_as_text() {
        #[track_caller]
        fn check(line: &str, expected: &str) {
            let message: Message = serde_json::from_str(line).expect("the line is a message");
            assert_eq!(message.content, expected);
        }
        check(r#"{"role":"assistant","content":null}"#, "");
        check(r#"{"role":"assistant"}"#, "");
        check(
            r#"{"role":"user","content":[{"type":"image_url"},{"type":"text","text":"a"},{"text":"b"}]}"#,
            "a\nb",
        );
    }
}
