//! The conversation in a request.

use serde_json::{Value, json};

use crate::message::Role;
use crate::provider::{Image, ModelRequest, PastMessage};
use crate::tool_call::ToolCall;
use crate::wire::object_of;

use super::signature_of;

/// Stands in for a signature that no model of this provider gave, because another model answered
/// that round.
///
/// See [Gemini API/Thought signatures](https://ai.google.dev/gemini-api/docs/thought-signatures#faqs).
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// All that was said. Results of tools are said by the user, in one message for all calls of the
/// round, and those of one role in a row are one message.
pub(super) fn contents(request: ModelRequest<'_>, demands_signatures: bool) -> Vec<Value> {
    let mut said = Said::default();
    for past in request.history {
        said.push(past, false);
    }
    let mut question: Vec<Value> = request.images.iter().map(image).collect();
    question.push(text(&format!("{}{}", request.context, request.text)));
    said.push_parts("user", question);
    // Only calls of the turn that is going on are judged by their signatures.
    for round in request.rounds {
        said.push(round, demands_signatures);
    }
    said.contents
}

#[derive(Default)]
struct Said<'p> {
    contents: Vec<Value>,
    /// Names of the latest calls by their ids: a result names the tool.
    calls: Vec<(&'p str, &'p str)>,
}

impl<'p> Said<'p> {
    fn push(&mut self, past: &'p PastMessage<'_>, demands_signatures: bool) {
        if let Some(id) = past.tool_call_id {
            let name = self.calls.iter().find(|(known, _)| *known == id);
            let name = name.map(|(_, name)| *name).unwrap_or_default();
            return self.push_parts("user", vec![result(id, name, past.content)]);
        }
        let mut parts = Vec::new();
        if !past.content.trim().is_empty() {
            parts.push(text(past.content));
        }
        if !past.tool_calls.is_empty() {
            self.calls.clear();
        }
        for (index, call) in past.tool_calls.iter().enumerate() {
            self.calls.push((&call.id, &call.function.name));
            // Of calls side by side, the first carries the signature.
            let stand_in = (demands_signatures && index == 0).then_some(NO_SIGNATURE);
            parts.push(part_of(call, signature_of(call).or(stand_in)));
        }
        self.push_parts(if past.role == Role::Assistant { "model" } else { "user" }, parts);
    }

    fn push_parts(&mut self, role: &str, mut parts: Vec<Value>) {
        if parts.is_empty() {
            return;
        }
        let last = self.contents.last_mut().filter(|last| last["role"] == role);
        match last.and_then(|last| last["parts"].as_array_mut()) {
            Some(said) => said.append(&mut parts),
            None => self.contents.push(json!({"role": role, "parts": parts})),
        }
    }
}

fn text(text: &str) -> Value {
    json!({"text": text})
}

fn image(image: &Image) -> Value {
    json!({"inlineData": {"mimeType": image.media_type, "data": image.base64}})
}

fn part_of(call: &ToolCall, signature: Option<&str>) -> Value {
    let (id, name) = (&call.id, &call.function.name);
    let mut part = json!({"functionCall": {"id": id, "name": name, "args": object_of(call)}});
    if let Some(signature) = signature {
        part["thoughtSignature"] = json!(signature);
    }
    part
}

fn result(id: &str, name: &str, content: &str) -> Value {
    let kind = if content.starts_with("Error: ") { "error" } else { "output" };
    json!({"functionResponse": {"id": id, "name": name, "response": {kind: content}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unsigned_calls_of_this_turn_get_a_stand_in() {
        let round = || PastMessage {
            tool_calls: vec![ToolCall::new("a", "x", "{}"), ToolCall::new("b", "y", "{}")],
            ..PastMessage::text(Role::Assistant, "")
        };
        let history = [PastMessage::text(Role::User, "hi"), round()];
        let rounds = [round()];
        let request = ModelRequest {
            system: "",
            history: &history,
            context: "",
            text: "go",
            images: &[],
            rounds: &rounds,
            tools: &[],
        };
        let signatures = |demands: bool| -> Vec<Value> {
            let contents = contents(request, demands);
            let calls = contents.iter().filter(|content| content["role"] == "model");
            let parts = calls.flat_map(|content| content["parts"].as_array().cloned());
            parts.flatten().map(|part| part["thoughtSignature"].clone()).collect()
        };
        let none = Value::Null;
        let stand_in = json!(NO_SIGNATURE);
        assert_eq!(signatures(true), [none.clone(), none.clone(), stand_in, none.clone()]);
        assert_eq!(signatures(false), vec![none; 4]);
    }
}
