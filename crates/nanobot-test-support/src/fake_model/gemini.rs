//! The protocol of Gemini: rules that requests must keep, and the events of answers.
//!
//! See [Gemini API/Generating content](https://ai.google.dev/api/generate-content),
//! [Content](https://ai.google.dev/api/caching#Content),
//! [function calling](https://ai.google.dev/gemini-api/docs/function-calling) and
//! [thought signatures](https://ai.google.dev/gemini-api/docs/thought-signatures).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answer::{events, status_or};
use super::reply::{FakeReply, Step};
use super::request::{RecordedRequest, without_runtime_context};
use super::stream::event;
use super::{Shared, stream_of};

/// Fields of a request that the reference knows; others are refused.
const FIELDS: [&str; 7] = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "cachedContent",
];
/// Words of JSON Schema that are understood.
const SCHEMA: [&str; 19] = [
    "$id",
    "$defs",
    "$ref",
    "$anchor",
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "oneOf",
    "properties",
    "additionalProperties",
];

#[derive(serde::Deserialize)]
pub(super) struct Options {
    alt: Option<String>,
}

/// Answers `models/<name>:streamGenerateContent`.
pub(super) async fn generate(
    State(shared): State<Arc<Shared>>,
    Path(call): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = match RecordedRequest::parse(&headers, &body) {
        Ok(request) => request,
        Err(what) => return shared.violation(what),
    };
    let Some(model) = call.strip_suffix(":streamGenerateContent") else {
        return shared.violation(format!("there is no method `{call}`"));
    };
    if options.alt.as_deref() != Some("sse") {
        return shared.violation("`alt=sse` is missing, so the answer is a list".to_owned());
    }
    let checked = check(&request, model);
    let echo = last_user_text(&request.body).to_owned();
    let key = request.header("x-goog-api-key").map(str::to_owned);
    shared.remember(request);
    if let Err(what) = checked {
        return shared.violation(what);
    }
    if shared.options.required_key.is_some() && shared.options.required_key != key {
        return (StatusCode::BAD_REQUEST, bad_key()).into_response();
    }
    match shared.next_reply() {
        FakeReply::Stream(steps) => stream_of(&shared, steps, say),
        FakeReply::Echo => {
            let end = Step::End { input_tokens: 1, output_tokens: 1 };
            stream_of(&shared, vec![Step::Text(echo), end], say)
        }
        status => status_or(status, || events(axum::body::Body::empty())),
    }
}

fn bad_key() -> String {
    let message = "API key not valid. Please pass a valid API key.";
    let details = json!([{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
    }]);
    let error =
        json!({"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": details});
    json!({"error": error}).to_string()
}

/// Checks the documented rules of the protocol.
fn check(request: &RecordedRequest, model: &str) -> Result<(), String> {
    if request.header("x-goog-api-key").is_none() {
        return Err("`x-goog-api-key` is missing".to_owned());
    }
    let body = &request.body;
    let fields = body.as_object().into_iter().flatten();
    if let Some((name, _)) = fields.into_iter().find(|(name, _)| !FIELDS.contains(&name.as_str())) {
        return Err(format!("Invalid JSON payload received. Unknown name \"{name}\""));
    }
    check_tools(body)?;
    check_contents(body["contents"].as_array().map(Vec::as_slice).unwrap_or_default())?;
    if model.starts_with("gemini-3") { check_signatures(body) } else { Ok(()) }
}

fn check_tools(body: &Value) -> Result<(), String> {
    let tools = body["tools"].as_array().into_iter().flatten();
    let declarations =
        tools.flat_map(|tool| tool["functionDeclarations"].as_array().into_iter().flatten());
    for declaration in declarations {
        let name = declaration["name"].as_str().unwrap_or_default();
        let begins = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
        let is_plain = |it: char| it.is_ascii_alphanumeric() || "_.:-".contains(it);
        if !begins || name.len() > 128 || !name.chars().all(is_plain) {
            return Err(format!("`{name}` is not the name of a function"));
        }
        if let Some(schema) = declaration.get("parametersJsonSchema") {
            if schema["type"] != "object" {
                return Err(format!("the arguments of `{name}` are no object"));
            }
            check_schema(schema)?;
        }
    }
    Ok(())
}

fn check_schema(schema: &Value) -> Result<(), String> {
    for (word, value) in schema.as_object().into_iter().flatten() {
        match word.as_str() {
            "properties" | "$defs" => {
                value.as_object().into_iter().flatten().try_for_each(|(_, it)| check_schema(it))?;
            }
            "items" | "additionalProperties" => check_schema(value)?,
            "anyOf" | "oneOf" | "prefixItems" => {
                value.as_array().into_iter().flatten().try_for_each(check_schema)?;
            }
            "required" | "propertyOrdering" => {}
            word if SCHEMA.contains(&word) => {}
            word => return Err(format!("the schema has the unknown word `{word}`")),
        }
    }
    Ok(())
}

/// User first and last, each call answered in the next message and under its name.
fn check_contents(contents: &[Value]) -> Result<(), String> {
    let role = |content: Option<&Value>| content.is_some_and(|content| content["role"] == "user");
    if !role(contents.first()) || !role(contents.last()) {
        return Err("the conversation does not begin and end with the user".to_owned());
    }
    let mut open: Vec<(&Value, &Value)> = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        let parts = content["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_model = content["role"] == "model";
        if parts.is_empty() || !(is_model || content["role"] == "user") {
            return Err(format!("`contents[{index}]` has no parts or no known role"));
        }
        let answers = of_kind(parts, "functionResponse");
        let answered: Vec<_> = answers.iter().map(|it| (&it["id"], &it["name"])).collect();
        if answered != open || answers.iter().any(|it| !it["response"].is_object()) {
            return Err(format!(
                "`contents[{index}]`: the number of function response parts must be equal to the \
                 number of function call parts of the function call turn: {open:?}, {answered:?}"
            ));
        }
        let calls = of_kind(parts, "functionCall");
        if !is_model && !calls.is_empty() || calls.iter().any(|call| !call["args"].is_object()) {
            return Err(format!("`contents[{index}]` has a call that is not valid"));
        }
        parts.iter().try_for_each(|part| check_part(index, part))?;
        open = calls.iter().map(|call| (&call["id"], &call["name"])).collect();
    }
    Ok(())
}

fn of_kind<'p>(parts: &'p [Value], kind: &str) -> Vec<&'p Value> {
    parts.iter().filter_map(|part| part.get(kind)).collect()
}

fn check_part(index: usize, part: &Value) -> Result<(), String> {
    let kinds = ["text", "inlineData", "functionCall", "functionResponse"];
    let given = kinds.iter().filter(|kind| part.get(**kind).is_some()).count();
    let is_blank = part["text"].as_str().is_some_and(|text| text.trim().is_empty());
    let picture = part.get("inlineData");
    let is_bad_picture =
        picture.is_some_and(|it| !it["mimeType"].is_string() || !it["data"].is_string());
    if given == 1 && !is_blank && !is_bad_picture {
        return Ok(());
    }
    Err(format!("`contents[{index}]` has a part that is not valid: {part}"))
}

/// The first call of each step of the turn that is going on carries its signature.
fn check_signatures(body: &Value) -> Result<(), String> {
    let contents = body["contents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_question = |content: &Value| {
        content["role"] == "user"
            && content["parts"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|part| part.get("text").is_some())
    };
    let question = contents.iter().rposition(is_question).unwrap_or(0);
    for content in &contents[question..] {
        let mut parts = content["parts"].as_array().into_iter().flatten();
        let call = parts.find(|part| part.get("functionCall").is_some());
        if call.is_some_and(|call| call["thoughtSignature"].as_str().is_none_or(str::is_empty)) {
            return Err(
                "Function call is missing a thought_signature in functionCall parts".to_owned()
            );
        }
    }
    Ok(())
}

fn last_user_text(body: &Value) -> &str {
    let contents = body["contents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let users = contents.iter().rev().filter(|content| content["role"] == "user");
    let parts = users.flat_map(|content| content["parts"].as_array().into_iter().flatten());
    let mut texts = parts.filter_map(|part| part["text"].as_str());
    without_runtime_context(texts.next().unwrap_or_default())
}

/// A step in the words of the protocol.
fn say(step: Step) -> Bytes {
    let part = |part: Value| {
        event(&json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]}))
    };
    match step {
        Step::Text(text) => part(json!({"text": text})),
        Step::Reasoning(text) => part(json!({"text": text, "thought": true})),
        Step::ToolCall { index, id, name, arguments } => {
            let args: Value = serde_json::from_str(&arguments).unwrap_or_else(|_| json!({}));
            let mut call = json!({"functionCall": {"id": id, "name": name, "args": args}});
            if index == 0 {
                call["thoughtSignature"] = json!(format!("signature of {id}"));
            }
            part(call)
        }
        Step::Event(value) => event(&value),
        Step::End { input_tokens, output_tokens } => event(&json!({
            "candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP"}],
            "usageMetadata": {
                "promptTokenCount": input_tokens, "candidatesTokenCount": output_tokens,
                "totalTokenCount": input_tokens + output_tokens,
            },
        })),
        Step::Raw(_) | Step::Pause(_) | Step::Stall | Step::Cut => Bytes::new(),
    }
}
