//! The events of a streamed answer.

use serde::Deserialize;
use serde_json::Value;

use crate::provider::{Completion, Delta, ErrorKind, ProviderError, Stop, Usage};
use crate::tool_call::ToolCall;
use crate::wire::{self, Arrived, Failure, MAX_CALLS, Secrets, Sink, not_understood};

use super::sign;

/// An event; only what is used is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    candidates: Option<Vec<Candidate>>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    parts: Option<Vec<Part>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    /// Whether the text is a thought.
    #[serde(default)]
    thought: bool,
    thought_signature: Option<String>,
    function_call: Option<Call>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    args: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

/// Tokens used; what was read from the cache is part of the prompt, the thoughts are not part of
/// the candidates.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct WireUsage {
    prompt_token_count: u64,
    tool_use_prompt_token_count: u64,
    cached_content_token_count: u64,
    candidates_token_count: u64,
    thoughts_token_count: u64,
}

/// What has arrived of an answer.
#[derive(Default)]
pub(super) struct Answer {
    arrived: Arrived,
    calls: Vec<ToolCall>,
}

impl wire::Answer for Answer {
    fn is_finished(&self) -> bool {
        self.arrived.is_finished
    }

    /// There is no mark at the end: the reason to stop may come before the last event.
    fn is_over(&self) -> bool {
        false
    }

    fn take(&mut self, data: &str, secrets: &Secrets, sink: Sink<'_>) -> Result<(), ProviderError> {
        let event: Event =
            serde_json::from_str(data).map_err(|error| not_understood(data, &error, secrets))?;
        if let Some(error) = event.error.filter(|error| !error.is_null()) {
            return Err(Failure::in_stream(&error).into_error(secrets));
        }
        if let Some(reason) = event.prompt_feedback.and_then(|feedback| feedback.block_reason) {
            return Err(blocked(&reason, secrets));
        }
        if let Some(usage) = event.usage_metadata {
            self.arrived.usage = usage.into();
        }
        for candidate in event.candidates.into_iter().flatten().take(1) {
            if let Some(reason) = candidate.finish_reason {
                self.arrived.is_finished = true;
                self.arrived.stop = stop_of(&reason);
            }
            let parts = candidate.content.and_then(|content| content.parts);
            for part in parts.into_iter().flatten() {
                self.take_part(part, sink)?;
            }
        }
        self.arrived.check()
    }

    fn completion(self) -> Completion {
        Completion {
            usage: self.arrived.usage,
            tool_calls: self.calls,
            stop: self.arrived.stop,
            ..Completion::default()
        }
    }
}

impl Answer {
    fn take_part(&mut self, part: Part, sink: Sink<'_>) -> Result<(), ProviderError> {
        if let Some(text) = part.text.filter(|text| !text.is_empty()) {
            self.arrived.bytes += text.len();
            sink(if part.thought { Delta::Reasoning(&text) } else { Delta::Text(&text) });
        }
        let Some(call) = part.function_call else { return Ok(()) };
        if self.calls.len() == MAX_CALLS {
            let action = "the answer has too many calls of tools";
            return Err(ProviderError::new(ErrorKind::BadResponse, action));
        }
        let arguments = call.args.map(|args| args.to_string()).unwrap_or_default();
        self.arrived.bytes += call.name.len() + arguments.len();
        let mut taken = ToolCall::new(&call.id, &call.name, &arguments);
        if let Some(signature) = part.thought_signature {
            self.arrived.bytes += signature.len();
            sign(&mut taken, &signature);
        }
        self.calls.push(taken);
        Ok(())
    }
}

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        Self {
            input_tokens: wire.prompt_token_count.saturating_add(wire.tool_use_prompt_token_count),
            cached_tokens: wire.cached_content_token_count,
            output_tokens: wire.candidates_token_count.saturating_add(wire.thoughts_token_count),
        }
    }
}

/// See [Gemini API/FinishReason](https://ai.google.dev/api/generate-content#FinishReason). A call
/// that the model could not write down ends without an answer, which is then asked for once more.
fn stop_of(reason: &str) -> Stop {
    match reason {
        "MAX_TOKENS" => Stop::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Stop::Refused,
        _ => Stop::Complete,
    }
}

fn blocked(reason: &str, secrets: &Secrets) -> ProviderError {
    ProviderError::new(ErrorKind::Rejected, "the model provider blocked the question")
        .with_excerpt(secrets.excerpt(&format!("The question was blocked: {reason}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::ProviderSettings;
    use crate::wire::Answer as _;

    fn take(events: &[Value]) -> Result<(Completion, Vec<String>), ProviderError> {
        let secrets = Secrets::new(&ProviderSettings::default());
        let (mut answer, mut heard) = (Answer::default(), Vec::new());
        for event in events {
            answer.take(&event.to_string(), &secrets, &mut |delta| {
                heard.push(format!("{delta:?}"));
            })?;
        }
        Ok((answer.completion(), heard))
    }

    #[test]
    fn text_thoughts_calls_and_usage_are_told_apart() {
        let part =
            |parts: Value| json!({"candidates": [{"content": {"role": "model", "parts": parts}}]});
        let end = json!({
            "candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}],
            "usageMetadata": {
                "promptTokenCount": 100, "cachedContentTokenCount": 80, "candidatesTokenCount": 7,
                "thoughtsTokenCount": 5, "totalTokenCount": 112,
            },
        });
        let (completion, heard) = take(&[
            part(json!([{"text": "hmm", "thought": true}])),
            part(json!([{"text": "Let me "}, {"text": "look."}])),
            part(json!([
                {"functionCall": {"id": "a1", "name": "glob", "args": {"pattern": "*"}}, "thoughtSignature": "sig"},
                {"functionCall": {"name": "now"}},
            ])),
            end,
        ])
        .expect("the events are valid");
        assert_eq!(heard, [r#"Reasoning("hmm")"#, r#"Text("Let me ")"#, r#"Text("look.")"#]);
        let usage = Usage { input_tokens: 100, cached_tokens: 80, output_tokens: 12 };
        assert_eq!((completion.usage, completion.stop), (usage, Stop::Complete));
        let mut signed = ToolCall::new("a1", "glob", r#"{"pattern":"*"}"#);
        sign(&mut signed, "sig");
        assert_eq!(completion.tool_calls, [signed, ToolCall::new("", "now", "")]);
    }

    #[test]
    fn numbers_of_tokens_that_cannot_be_do_not_break_the_turn() {
        let counts = json!({
            "promptTokenCount": u64::MAX, "toolUsePromptTokenCount": 1,
            "candidatesTokenCount": u64::MAX, "thoughtsTokenCount": 1,
        });
        let (completion, _) = take(&[json!({"usageMetadata": counts})]).expect("a valid event");
        let mut usage = completion.usage;
        usage += completion.usage;
        assert_eq!((usage.input_tokens, usage.output_tokens), (u64::MAX, u64::MAX));
    }

    #[test]
    fn answers_that_were_stopped_or_blocked_say_so() {
        let stopped = |reason: &str| {
            let event = json!({"candidates": [{"finishReason": reason}]});
            take(&[event]).map(|(completion, _)| completion.stop).map_err(|error| error.kind())
        };
        assert_eq!(stopped("MAX_TOKENS"), Ok(Stop::Length));
        assert_eq!(stopped("SAFETY"), Ok(Stop::Refused));
        assert_eq!(stopped("MALFORMED_FUNCTION_CALL"), Ok(Stop::Complete));
        let blocked = take(&[json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})]);
        let error = blocked.expect_err("the prompt was blocked");
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert_eq!(error.excerpt(), Some("The question was blocked: PROHIBITED_CONTENT"));
        let error = take(&[json!({"error": {"code": 503, "status": "UNAVAILABLE"}})]);
        assert_eq!(error.expect_err("an error").kind(), ErrorKind::Overloaded);
    }
}
