//! The body of a request.

use serde_json::{Map, Value, json};

use crate::message::Role;
use crate::provider::{Image, ModelRequest, PastMessage, ProviderError, Selection, ToolSpec};
use crate::settings::ModelSettings;
use crate::wire::{body_of, object_of};

use super::thinking;

/// Fields that the configuration cannot replace, because the answer is read accordingly.
const OUR_FIELDS: [&str; 4] = ["messages", "stream", "system", "tools"];
/// The part of the body that is the same for each request.
pub(super) struct Parameters {
    fields: Map<String, Value>,
}

impl Parameters {
    pub(super) fn new(
        selection: &Selection,
        settings: &ModelSettings,
        extra: &Map<String, Value>,
    ) -> Self {
        let mut fields = Map::new();
        fields.insert("model".to_owned(), json!(selection.model));
        fields.insert("stream".to_owned(), json!(true));
        thinking::put(&mut fields, &selection.model, settings);
        for (name, value) in extra.iter().filter(|(name, _)| !OUR_FIELDS.contains(&name.as_str())) {
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        Self { fields }
    }

    /// The whole body of one request.
    pub(super) fn body(&self, request: ModelRequest<'_>) -> Result<Vec<u8>, ProviderError> {
        body_of(&self.value(request))
    }

    fn value(&self, request: ModelRequest<'_>) -> Value {
        let mut body = self.fields.clone();
        if !request.system.is_empty() {
            let mut system = text(request.system);
            mark(&mut system);
            body.insert("system".to_owned(), json!([system]));
        }
        let mut tools: Vec<Value> = request.tools.iter().map(|spec| tool(spec)).collect();
        if let Some(last) = tools.last_mut() {
            mark(last);
            body.insert("tools".to_owned(), Value::Array(tools));
        }
        body.insert("messages".to_owned(), Value::Array(self.messages(request)));
        Value::Object(body)
    }

    fn messages(&self, request: ModelRequest<'_>) -> Vec<Value> {
        let mut messages = Vec::new();
        for past in request.history {
            push(&mut messages, past.role, said(past, false));
        }
        mark_last(&mut messages);
        let mut question: Vec<Value> = request.images.iter().map(image).collect();
        question.push(text(&format!("{}{}", request.context, request.text)));
        push(&mut messages, Role::User, question);
        // Thoughts of this turn must be sent back, and newer models think without being asked.
        for round in request.rounds {
            push(&mut messages, round.role, said(round, true));
        }
        mark_last(&mut messages);
        messages
    }
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn image(image: &Image) -> Value {
    let source = json!({"type": "base64", "media_type": image.media_type, "data": image.base64});
    json!({"type": "image", "source": source})
}

fn tool(spec: &ToolSpec) -> Value {
    json!({"name": spec.name, "description": spec.description, "input_schema": spec.parameters})
}

/// The blocks of an earlier message.
fn said(past: &PastMessage<'_>, with_thinking: bool) -> Vec<Value> {
    if let Some(id) = past.tool_call_id {
        let mut result =
            json!({"type": "tool_result", "tool_use_id": plain_id(id), "content": past.content});
        if past.content.starts_with("Error: ") {
            result["is_error"] = json!(true);
        }
        return vec![result];
    }
    let mut blocks = Vec::new();
    if let Some(thinking) = past.thinking.and_then(Value::as_array).filter(|_| with_thinking) {
        blocks.extend(thinking.iter().cloned());
    }
    if !past.content.trim().is_empty() {
        blocks.push(text(past.content));
    }
    for call in &past.tool_calls {
        blocks.push(json!({
            "type": "tool_use", "id": plain_id(&call.id), "name": call.function.name,
            "input": object_of(call),
        }));
    }
    blocks
}

/// Ids of other providers may have letters that are refused here.
fn plain_id(id: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || ['_', '-'].contains(letter);
    id.chars().map(|letter| if is_plain(&letter) { letter } else { '_' }).collect()
}

/// Adds a message; results of tools are said by the user here, and those of one role in a row are
/// one message.
fn push(messages: &mut Vec<Value>, role: Role, mut blocks: Vec<Value>) {
    if blocks.is_empty() {
        return;
    }
    let role = if role == Role::Assistant { "assistant" } else { "user" };
    let last = messages.last_mut().filter(|last| last["role"] == role);
    match last.and_then(|last| last["content"].as_array_mut()) {
        Some(content) => content.append(&mut blocks),
        None => messages.push(json!({"role": role, "content": blocks})),
    }
}

/// Asks to keep everything up to this block for the next request.
fn mark(block: &mut Value) {
    block["cache_control"] = json!({"type": "ephemeral"});
}

fn mark_last(messages: &mut [Value]) {
    let content = messages.last_mut().and_then(|last| last["content"].as_array_mut());
    if let Some(block) = content.and_then(|content| content.last_mut()) {
        mark(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::find;
    use crate::tool_call::ToolCall;

    fn parameters(settings: &ModelSettings) -> Parameters {
        let selection = Selection {
            spec: find("anthropic").expect("the provider is in the table"),
            name: "anthropic".to_owned(),
            base: String::new(),
            model: "claude-opus-4-5".to_owned(),
        };
        Parameters::new(&selection, settings, &Map::new())
    }

    /// See the examples of [tool use](https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview)
    /// and [prompt caching](https://platform.claude.com/docs/en/build-with-claude/prompt-caching).
    #[test]
    fn requests_have_the_documented_shape() {
        let settings = ModelSettings {
            reasoning_effort: Some("medium".to_owned()),
            ..ModelSettings::default()
        };
        let history =
            [PastMessage::text(Role::User, "hi"), PastMessage::text(Role::Assistant, "hello")];
        let thoughts = json!([{"type": "thinking", "thinking": "hmm", "signature": "s"}]);
        let rounds = [
            PastMessage {
                tool_calls: vec![
                    ToolCall::new("call:1", "glob", r#"{"pattern":"*"}"#),
                    ToolCall::new("c2", "glob", "{}"),
                ],
                thinking: Some(&thoughts),
                ..PastMessage::text(Role::Assistant, "Let me look.")
            },
            PastMessage { tool_call_id: Some("call:1"), ..PastMessage::text(Role::Tool, "a.txt") },
            PastMessage { tool_call_id: Some("c2"), ..PastMessage::text(Role::Tool, "Error: no") },
        ];
        let tools = [ToolSpec {
            name: "glob".to_owned(),
            description: "Finds files".to_owned(),
            parameters: json!({"type": "object"}),
        }];
        let tools = tools.map(std::sync::Arc::new);
        let images = [Image { media_type: "image/png", base64: "AAAA".to_owned() }];
        let request = ModelRequest {
            system: "be kind",
            history: &history,
            context: "[now]\n\n",
            text: "look",
            images: &images,
            rounds: &rounds,
            tools: &tools,
        };
        let cache = json!({"type": "ephemeral"});
        let expected = json!({
            "model": "claude-opus-4-5",
            "max_tokens": 8192,
            "stream": true,
            "thinking": {"type": "enabled", "budget_tokens": 4096},
            "system": [{"type": "text", "text": "be kind", "cache_control": cache}],
            "tools": [{
                "name": "glob", "description": "Finds files", "input_schema": {"type": "object"},
                "cache_control": cache,
            }],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "hi"}]},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "hello", "cache_control": cache},
                ]},
                {"role": "user", "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "text", "text": "[now]\n\nlook"},
                ]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hmm", "signature": "s"},
                    {"type": "text", "text": "Let me look."},
                    {"type": "tool_use", "id": "call_1", "name": "glob", "input": {"pattern": "*"}},
                    {"type": "tool_use", "id": "c2", "name": "glob", "input": {}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "call_1", "content": "a.txt"},
                    {"type": "tool_result", "tool_use_id": "c2", "content": "Error: no",
                     "is_error": true, "cache_control": cache},
                ]},
            ],
        });
        assert_eq!(parameters(&settings).value(request), expected);
    }
}
