//! The Messages protocol of Anthropic: rules that requests must keep, and the events of answers.

use std::convert::Infallible;

use axum::body::Bytes;
use futures_util::Stream;
use futures_util::stream::iter;
use serde_json::{Value, json};

use super::reply::Step;
use super::request::RecordedRequest;

/// Checks the documented rules of the protocol.
pub(super) fn check(request: &RecordedRequest) -> Result<(), String> {
    let body = &request.body;
    if request.header("anthropic-version").is_none() || request.header("x-api-key").is_none() {
        return Err("`anthropic-version` or `x-api-key` is missing".to_owned());
    }
    if body["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return Err("`max_tokens` is missing".to_owned());
    }
    let mut open: Vec<&str> = Vec::new();
    let mut last_role = "assistant";
    for (index, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if !["user", "assistant"].contains(&role) || role == last_role {
            return Err(format!("`messages[{index}]` of the role {role:?} follows {last_role:?}"));
        }
        last_role = role;
        let blocks = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        if blocks.is_empty() {
            return Err(format!("`messages[{index}].content` has no blocks"));
        }
        check_blocks(index, blocks, &mut open)?;
    }
    let is_answered = open.is_empty() && last_role == "user";
    if is_answered { Ok(()) } else { Err(format!("calls without a result: {open:?}")) }
}

fn check_blocks<'b>(
    index: usize,
    blocks: &'b [Value],
    open: &mut Vec<&'b str>,
) -> Result<(), String> {
    for block in blocks {
        let id = |key: &str| block[key].as_str().unwrap_or_default();
        match id("type") {
            "tool_result" => {
                let place = open.iter().position(|known| *known == id("tool_use_id"));
                open.remove(place.ok_or(format!("`messages[{index}]` answers no call: {block}"))?);
            }
            _ if !open.is_empty() && blocks[0]["type"] == "tool_result" => {
                return Err(format!("`messages[{index}]` leaves calls open: {open:?}"));
            }
            "tool_use" => {}
            "text" if id("text").trim().is_empty() => {
                return Err(format!("`messages[{index}]` has an empty text"));
            }
            "text" | "image" | "thinking" | "redacted_thinking" => {}
            other => return Err(format!("`messages[{index}]` has an unknown block: {other:?}")),
        }
    }
    let calls = blocks.iter().filter(|block| block["type"] == "tool_use");
    for call in calls {
        let is_plain = |id: &str| {
            !id.is_empty() && id.chars().all(|it| it.is_ascii_alphanumeric() || "_-".contains(it))
        };
        let id = call["id"].as_str().filter(|id| is_plain(id) && call["input"].is_object());
        open.push(id.ok_or(format!("`messages[{index}]` has a call that is not valid: {call}"))?);
    }
    Ok(())
}

/// The events of the steps of an answer. Steps that are about the connection are left out here.
pub(super) fn frames(steps: Vec<Step>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let mut events =
        vec![json!({"type": "message_start", "message": {"usage": {"input_tokens": 1}}})];
    let mut index = 0;
    for step in steps {
        let (block, deltas) = match step {
            Step::Text(text) => (
                json!({"type": "text", "text": ""}),
                vec![json!({"type": "text_delta", "text": text})],
            ),
            Step::Reasoning(text) => (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                vec![
                    json!({"type": "thinking_delta", "thinking": text}),
                    json!({"type": "signature_delta", "signature": "signed"}),
                ],
            ),
            Step::ToolCall { id, name, arguments, .. } => (
                json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
                vec![json!({"type": "input_json_delta", "partial_json": arguments})],
            ),
            Step::Event(value) => {
                events.push(value);
                continue;
            }
            Step::End { input_tokens, output_tokens } => {
                let usage = json!({"input_tokens": input_tokens, "output_tokens": output_tokens});
                let delta = json!({"stop_reason": "end_turn"});
                events.push(json!({"type": "message_delta", "delta": delta, "usage": usage}));
                events.push(json!({"type": "message_stop"}));
                continue;
            }
            Step::Raw(_) | Step::Pause(_) | Step::Stall | Step::Cut => continue,
        };
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        events.push(json!({"type": "ping"}));
        for delta in deltas {
            events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        events.push(json!({"type": "content_block_stop", "index": index}));
        index += 1;
    }
    let frame = |event: Value| {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        Ok(Bytes::from(format!("event: {kind}\ndata: {event}\n\n")))
    };
    iter(events.into_iter().map(frame))
}
