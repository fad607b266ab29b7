//! The Messages protocol of Anthropic: rules that requests must keep, and the events of answers.
//!
//! See [Claude API/Messages](https://platform.claude.com/docs/en/api/messages),
//! [tool use](https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls),
//! [prompt caching](https://platform.claude.com/docs/en/build-with-claude/prompt-caching) and
//! [extended thinking](https://platform.claude.com/docs/en/build-with-claude/extended-thinking).

use axum::body::Bytes;
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
    check_fields(body)?;
    check_tools(body)?;
    check_cache_marks(body)?;
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

/// Top-level fields that the reference knows; others are refused.
const FIELDS: [&str; 16] = [
    "model",
    "messages",
    "max_tokens",
    "system",
    "stream",
    "temperature",
    "thinking",
    "tools",
    "tool_choice",
    "top_k",
    "top_p",
    "metadata",
    "stop_sequences",
    "service_tier",
    "output_config",
    "container",
];
/// Blocks that may be marked in one request.
const MOST_MARKS: usize = 4;

fn check_fields(body: &Value) -> Result<(), String> {
    let fields = body.as_object().into_iter().flatten();
    if let Some((name, _)) = fields.into_iter().find(|(name, _)| !FIELDS.contains(&name.as_str())) {
        return Err(format!("{name}: Extra inputs are not permitted"));
    }
    let model = body["model"].as_str().unwrap_or_default();
    // The models of the tests that came after 4.6.
    let is_new =
        ["-4-7", "-4-8", "-5"].iter().any(|end| model.ends_with(end)) && !model.ends_with("-4-5");
    let thinking = body["thinking"]["type"].as_str();
    if is_new && (body.get("temperature").is_some() || thinking == Some("enabled")) {
        return Err(format!("{model} takes neither a temperature nor a budget for thoughts"));
    }
    if let Some(budget) = body["thinking"]["budget_tokens"].as_u64() {
        let fits = (1_024..body["max_tokens"].as_u64().unwrap_or_default()).contains(&budget);
        if !fits || body.get("temperature").is_some_and(|temperature| *temperature != 1) {
            return Err("the budget or the temperature does not go with thinking".to_owned());
        }
    }
    let temperature = body["temperature"].as_f64().unwrap_or_default();
    if (0.0..=1.0).contains(&temperature) { Ok(()) } else { Err("`temperature` > 1".to_owned()) }
}

fn check_tools(body: &Value) -> Result<(), String> {
    for (index, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
        let name = tool["name"].as_str().unwrap_or_default();
        let is_plain = |it: char| it.is_ascii_alphanumeric() || "_-".contains(it);
        if name.is_empty() || name.len() > 128 || !name.chars().all(is_plain) {
            return Err(format!("`tools[{index}].name` does not match ^[a-zA-Z0-9_-]{{1,128}}$"));
        }
        if tool["input_schema"]["type"] != "object" {
            return Err(format!("`tools[{index}].input_schema.type` is not `object`"));
        }
    }
    Ok(())
}

fn check_cache_marks(body: &Value) -> Result<(), String> {
    let messages = body["messages"].as_array().into_iter().flatten();
    let said = messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    let lists = [&body["system"], &body["tools"]];
    let others = lists.into_iter().flat_map(|list| list.as_array().into_iter().flatten());
    let marked = said.chain(others).filter(|block| block.get("cache_control").is_some());
    let marked: Vec<&Value> = marked.collect();
    if marked.iter().any(|block| block["type"] == "thinking") {
        return Err("thinking blocks cannot be marked for the cache".to_owned());
    }
    if marked.len() <= MOST_MARKS { Ok(()) } else { Err("more than 4 cache marks".to_owned()) }
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

/// Writes the steps of an answer.
#[derive(Default)]
pub(super) struct Speaker {
    blocks: usize,
    has_begun: bool,
}

impl Speaker {
    pub(super) fn say(&mut self, step: Step) -> Bytes {
        let mut events = Vec::new();
        if !self.has_begun {
            self.has_begun = true;
            let usage = json!({"input_tokens": 1, "output_tokens": 1});
            events.push(json!({"type": "message_start", "message": {"usage": usage}}));
        }
        match step {
            Step::Text(text) => {
                let delta = json!({"type": "text_delta", "text": text});
                self.push(&mut events, &json!({"type": "text", "text": ""}), vec![delta]);
            }
            Step::Reasoning(text) => {
                let block = json!({"type": "thinking", "thinking": "", "signature": ""});
                let deltas = vec![
                    json!({"type": "thinking_delta", "thinking": text}),
                    json!({"type": "signature_delta", "signature": "signed"}),
                ];
                self.push(&mut events, &block, deltas);
            }
            Step::ToolCall { id, name, arguments, .. } => {
                let block = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                let delta = json!({"type": "input_json_delta", "partial_json": arguments});
                self.push(&mut events, &block, vec![delta]);
            }
            Step::Event(value) => events.push(value),
            Step::End { input_tokens, output_tokens } => {
                let usage = json!({"input_tokens": input_tokens, "output_tokens": output_tokens});
                let delta = json!({"stop_reason": "end_turn"});
                events.push(json!({"type": "message_delta", "delta": delta, "usage": usage}));
                events.push(json!({"type": "message_stop"}));
            }
            Step::Raw(_) | Step::Pause(_) | Step::Stall | Step::Cut => {}
        }
        let frame = |event: &Value| {
            let kind = event["type"].as_str().unwrap_or_default();
            format!("event: {kind}\ndata: {event}\n\n")
        };
        Bytes::from(events.iter().map(frame).collect::<String>())
    }

    /// A block with its deltas.
    fn push(&mut self, events: &mut Vec<Value>, block: &Value, deltas: Vec<Value>) {
        let index = self.blocks;
        self.blocks += 1;
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        events.push(json!({"type": "ping"}));
        for delta in deltas {
            events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
}
