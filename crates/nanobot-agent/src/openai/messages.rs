//! The messages and tools of a request.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::message::Role;
use crate::provider::{Image, ModelRequest, PastMessage, ToolSpec};
use crate::tool_call::ToolCall;

/// One message.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct WireMessage<'a> {
    role: Role,
    /// `null` beside calls of tools without a word.
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Value>),
}

/// One tool.
#[derive(Serialize)]
pub(super) struct WireTool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: WireFunction<'a>,
}

#[derive(Serialize)]
struct WireFunction<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

impl<'a> From<&'a Arc<ToolSpec>> for WireTool<'a> {
    fn from(spec: &'a Arc<ToolSpec>) -> Self {
        let function = WireFunction {
            name: &spec.name,
            description: &spec.description,
            parameters: &spec.parameters,
        };
        Self { kind: "function", function }
    }
}

/// What of earlier answers a provider wants to see again beside their text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Returns {
    /// The reasoning of this turn.
    pub(super) reasoning: bool,
    /// What stands in calls beside the protocol, such as signatures of thoughts; strict providers
    /// refuse members that they do not know.
    pub(super) extra: bool,
}

/// The messages; those of one role in a row become one, because strict servers demand turns.
pub(super) fn messages(request: ModelRequest<'_>, returns: Returns) -> Vec<WireMessage<'_>> {
    let mut messages: Vec<WireMessage<'_>> = Vec::with_capacity(request.history.len() + 2);
    if !request.system.is_empty() {
        messages.push(text(Role::System, request.system.into()));
    }
    for past in request.history {
        push(&mut messages, said(past, returns));
    }
    push(&mut messages, text(Role::User, format!("{}{}", request.context, request.text).into()));
    if let Some(question) = messages.last_mut().filter(|_| !request.images.is_empty()) {
        add_images(question, request.images);
    }
    for round in request.rounds {
        let mut message = said(round, returns);
        message.reasoning_content = round.reasoning.filter(|_| returns.reasoning);
        push(&mut messages, message);
    }
    messages
}

/// Marks the instructions and the last message, so that the provider keeps what stands before.
pub(super) fn mark_for_cache(messages: &mut [WireMessage<'_>]) {
    let last = messages.len().saturating_sub(1);
    for (index, message) in messages.iter_mut().enumerate() {
        if message.role != Role::System && index != last {
            continue;
        }
        if let Some(Content::Text(said)) = &message.content {
            let part = json!({"type": "text", "text": said});
            message.content = Some(Content::Parts(vec![part]));
        }
        if let Some(Content::Parts(parts)) = &mut message.content
            && let Some(part) = parts.last_mut()
        {
            part["cache_control"] = json!({"type": "ephemeral"});
        }
    }
}

fn text(role: Role, content: Cow<'_, str>) -> WireMessage<'_> {
    WireMessage {
        role,
        content: Some(Content::Text(content)),
        tool_calls: Vec::new(),
        tool_call_id: None,
        reasoning_content: None,
    }
}

fn said<'a>(past: &PastMessage<'a>, returns: Returns) -> WireMessage<'a> {
    let mut message = text(past.role, past.content.into());
    if past.content.is_empty() {
        message.content = None;
    }
    message.tool_calls.clone_from(&past.tool_calls);
    for call in message.tool_calls.iter_mut().filter(|_| !returns.extra) {
        call.extra.clear();
    }
    message.tool_call_id = past.tool_call_id;
    message
}

fn push<'a>(messages: &mut Vec<WireMessage<'a>>, next: WireMessage<'a>) {
    let can_join = |last: &&mut WireMessage<'a>| {
        last.role == next.role && last.role != Role::Tool && last.tool_calls.is_empty()
    };
    let Some(last) = messages.last_mut().filter(can_join) else {
        return messages.push(next);
    };
    last.tool_calls = next.tool_calls;
    match (&mut last.content, next.content) {
        (Some(Content::Text(said)), Some(Content::Text(more))) => {
            let joined = said.to_mut();
            joined.push_str("\n\n");
            joined.push_str(&more);
        }
        (_, None) => {}
        (content, more) => *content = more,
    }
}

fn add_images(question: &mut WireMessage<'_>, images: &[Image]) {
    let Some(Content::Text(said)) = question.content.take() else {
        return;
    };
    let mut parts: Vec<Value> = images
        .iter()
        .map(|image| format!("data:{};base64,{}", image.media_type, image.base64))
        .map(|url| json!({"type": "image_url", "image_url": {"url": url}}))
        .collect();
    parts.push(json!({"type": "text", "text": said}));
    question.content = Some(Content::Parts(parts));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(history: &'a [PastMessage<'a>]) -> ModelRequest<'a> {
        ModelRequest {
            system: "be kind",
            history,
            context: "[now]\n\n",
            text: "four",
            images: &[],
            rounds: &[],
            tools: &[],
        }
    }

    fn shape(request: ModelRequest<'_>) -> Value {
        serde_json::to_value(messages(request, Returns::default())).expect("messages are JSON")
    }

    #[test]
    fn messages_of_one_role_in_a_row_are_joined() {
        let history = [
            PastMessage::text(Role::User, "one"),
            PastMessage::text(Role::Assistant, "two"),
            PastMessage::text(Role::User, "three"),
        ];
        let expected = json!([
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three\n\n[now]\n\nfour"},
        ]);
        assert_eq!(shape(request(&history)), expected);
    }

    /// See [OpenAI API/Function calling](https://platform.openai.com/docs/guides/function-calling).
    #[test]
    fn calls_results_and_pictures_have_the_documented_shape() {
        let mut call = ToolCall::new("c1", "glob", r#"{"pattern":"*"}"#);
        call.extra.insert("extra_content".to_owned(), json!("signed"));
        let rounds = [
            PastMessage {
                tool_calls: vec![call],
                reasoning: Some("hmm"),
                ..PastMessage::text(Role::Assistant, "")
            },
            PastMessage { tool_call_id: Some("c1"), ..PastMessage::text(Role::Tool, "a.txt") },
        ];
        let images = [Image { media_type: "image/png", base64: "AAAA".to_owned() }];
        let request = ModelRequest { rounds: &rounds, images: &images, ..request(&[]) };
        let expected = json!([
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "text", "text": "[now]\n\nfour"},
            ]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "glob", "arguments": "{\"pattern\":\"*\"}"}},
            ]},
            {"role": "tool", "content": "a.txt", "tool_call_id": "c1"},
        ]);
        assert_eq!(shape(request), expected);
        let returns = Returns { reasoning: true, extra: true };
        let more = serde_json::to_value(messages(request, returns)).expect("JSON");
        assert_eq!(more[2]["reasoning_content"], "hmm");
        assert_eq!(more[2]["tool_calls"][0]["extra_content"], "signed");
    }

    /// See [OpenRouter/Prompt caching](https://openrouter.ai/docs/features/prompt-caching).
    #[test]
    fn instructions_and_the_last_message_are_marked_for_the_cache() {
        let request = request(&[]);
        let mut marked = messages(request, Returns::default());
        mark_for_cache(&mut marked);
        let part = |text: &str| json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]);
        let expected = json!([
            {"role": "system", "content": part("be kind")},
            {"role": "user", "content": part("[now]\n\nfour")},
        ]);
        assert_eq!(serde_json::to_value(marked).expect("messages are JSON"), expected);
    }
}
