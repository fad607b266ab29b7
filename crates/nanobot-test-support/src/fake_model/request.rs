//! One request to the fake model, and the rules it must keep.

use axum::http::HeaderMap;
use serde_json::Value;

/// How the runtime context that nanobot puts before a user message begins; it ends with a blank
/// line.
const RUNTIME_CONTEXT_START: &str = "[Runtime Context";

/// A chat request as it arrived.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// Whole JSON body.
    pub body: Value,
    /// Headers with lower-case names, in order of arrival.
    pub headers: Vec<(String, String)>,
}

impl RecordedRequest {
    pub(super) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        let body = serde_json::from_slice(body)
            .map_err(|error| format!("the body is not valid JSON: {error}"))?;
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        Ok(Self { body, headers })
    }

    /// Value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Name of the model asked for.
    #[must_use]
    pub fn model(&self) -> &str {
        self.body["model"].as_str().unwrap_or_default()
    }

    /// Role and text of each message.
    #[must_use]
    pub fn messages(&self) -> Vec<(&str, &str)> {
        self.message_values()
            .iter()
            .map(|message| (text_at(message, "role"), text_at(message, "content")))
            .collect()
    }

    /// Contents of the results of tools, in order.
    #[must_use]
    pub fn tool_results(&self) -> Vec<&str> {
        let results = self.message_values().iter().filter(|message| message["role"] == "tool");
        results.map(|message| text_at(message, "content")).collect()
    }

    /// Names of the offered tools.
    #[must_use]
    pub fn tool_names(&self) -> Vec<&str> {
        let tools = self.body["tools"].as_array().into_iter().flatten();
        tools.filter_map(|tool| tool["function"]["name"].as_str()).collect()
    }

    /// Text of the last user message, without the runtime context before it.
    #[must_use]
    pub fn last_user_text(&self) -> &str {
        let last = self.message_values().iter().rev().find(|message| message["role"] == "user");
        without_runtime_context(last.map(|message| text_at(message, "content")).unwrap_or_default())
    }

    pub(super) fn is_streamed(&self) -> bool {
        self.body["stream"] == true
    }

    pub(super) fn carries_key(&self, required: Option<&str>) -> bool {
        let sent = self.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        required.is_none_or(|required| sent == Some(required))
    }

    /// Checks the documented rules of the protocol.
    pub(super) fn check(&self, needs_key: bool) -> Result<(), String> {
        if self.model().is_empty() {
            return Err("`model` is missing or empty".to_owned());
        }
        if needs_key && self.header("authorization").is_none() {
            return Err("the Authorization header is missing".to_owned());
        }
        self.check_tools()?;
        if self.body.get("stream_options").is_some() && !self.is_streamed() {
            return Err("`stream_options` is only allowed with `stream`: true".to_owned());
        }
        self.check_messages()
    }

    /// See `FunctionObject` and `tools` in the
    /// [specification](https://github.com/openai/openai-openapi) of the OpenAI API.
    fn check_tools(&self) -> Result<(), String> {
        let tools = self.body["tools"].as_array().map(Vec::as_slice);
        if self.body.get("tools").is_some()
            && !tools.is_some_and(|it| (1..=128).contains(&it.len()))
        {
            return Err("`tools` has not between 1 and 128 items".to_owned());
        }
        for (index, tool) in tools.into_iter().flatten().enumerate() {
            let name = text_at(&tool["function"], "name");
            let is_plain = |it: char| it.is_ascii_alphanumeric() || "_-".contains(it);
            let is_name = (1..=64).contains(&name.len()) && name.chars().all(is_plain);
            if tool["type"] != "function" || !is_name {
                return Err(format!("`tools[{index}]` is no function with a valid name: {name:?}"));
            }
        }
        Ok(())
    }

    fn check_messages(&self) -> Result<(), String> {
        let messages = self.message_values();
        if messages.is_empty() {
            return Err("`messages` is missing or empty".to_owned());
        }
        for (index, message) in messages.iter().enumerate() {
            check_message(index, message)?;
        }
        check_order(&self.messages())?;
        check_calls(messages)
    }

    fn message_values(&self) -> &[Value] {
        self.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default()
    }
}

fn check_message(index: usize, message: &Value) -> Result<(), String> {
    let role = text_at(message, "role");
    if !["system", "developer", "user", "assistant", "tool"].contains(&role) {
        return Err(format!("`messages[{index}].role` is not a known role: {role:?}"));
    }
    if let Some(parts) = message["content"].as_array() {
        check_parts(index, role, parts)?;
    }
    let has_content = match &message["content"] {
        Value::String(text) => !text.is_empty(),
        Value::Array(parts) => !parts.is_empty(),
        _ => message.get("tool_calls").is_some(),
    };
    if has_content { Ok(()) } else { Err(format!("`messages[{index}].content` is empty")) }
}

/// See [OpenAI API/Chat](https://platform.openai.com/docs/api-reference/chat/create): pictures are
/// shown by the user only.
fn check_parts(index: usize, role: &str, parts: &[Value]) -> Result<(), String> {
    for part in parts {
        let is_valid = match text_at(part, "type") {
            "text" => part["text"].is_string(),
            "image_url" => role == "user" && is_image_url(text_at(&part["image_url"], "url")),
            _ => false,
        };
        if !is_valid {
            return Err(format!(
                "`messages[{index}].content` has a part that is not valid: {part}"
            ));
        }
    }
    Ok(())
}

fn is_image_url(url: &str) -> bool {
    url.starts_with("https://") || (url.starts_with("data:image/") && url.contains(";base64,"))
}

/// Checks the order that strict servers demand: system first, then user and assistant in turn, user
/// last.
fn check_order(messages: &[(&str, &str)]) -> Result<(), String> {
    let roles: Vec<&str> = messages
        .iter()
        .map(|(role, _)| *role)
        .skip_while(|role| ["system", "developer"].contains(role))
        .collect();
    if roles.contains(&"system") {
        return Err("a system message stands after the conversation began".to_owned());
    }
    if roles.first() != Some(&"user") {
        return Err("the conversation does not begin with a user message".to_owned());
    }
    if !matches!(roles.last(), Some(&"user" | &"tool")) {
        return Err("the conversation does not end with a user message or a tool result".to_owned());
    }
    match roles.windows(2).find(|pair| pair[0] == pair[1] && pair[0] != "tool") {
        Some(pair) => Err(format!("two messages of the role {:?} follow one another", pair[0])),
        None => Ok(()),
    }
}

/// Checks that each call of a tool is followed by its result, and each result follows its call.
fn check_calls(messages: &[Value]) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        if message["role"] == "tool" {
            let id = text_at(message, "tool_call_id");
            let place = open.iter().position(|known| *known == id);
            let place = place.ok_or(format!("`messages[{index}]` answers no call: {id:?}"))?;
            open.remove(place);
            continue;
        }
        if !open.is_empty() {
            return Err(format!("these calls have no result before `messages[{index}]`: {open:?}"));
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
            let is_object = serde_json::from_str::<Value>(arguments).is_ok_and(|it| it.is_object());
            let id = text_at(call, "id");
            if !is_object || call["type"] != "function" || id.is_empty() || open.contains(&id) {
                return Err(format!("`messages[{index}]` has a call that is not valid: {call}"));
            }
            open.push(id);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("these calls have no result: {open:?}")) }
}

/// A text, or the text part of a list of parts.
fn text_at<'a>(message: &'a Value, key: &str) -> &'a str {
    let parts = message[key].as_array().into_iter().flatten();
    let mut texts = parts.filter_map(|part| part["text"].as_str());
    message[key].as_str().or_else(|| texts.next()).unwrap_or_default()
}

pub(super) fn without_runtime_context(text: &str) -> &str {
    if !text.starts_with(RUNTIME_CONTEXT_START) {
        return text;
    }
    text.split_once("\n\n").map_or(text, |(_, said)| said)
}
