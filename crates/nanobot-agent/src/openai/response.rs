//! One event of a streamed answer.

use serde::Deserialize;
use serde_json::Value;

use crate::provider::{ProviderError, Stop, Usage};
use crate::tool_call::text_or_object;
use crate::wire::{Failure, Secrets, not_understood};

/// An event; only what is used is read.
#[derive(Deserialize)]
pub(super) struct Chunk {
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    /// Named `message` when the server does not stream.
    #[serde(alias = "message")]
    delta: Option<WireDelta>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct WireDelta {
    content: Option<Content>,
    /// What the model says instead of an answer that it does not want to give.
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    tool_calls: Option<Vec<CallPiece>>,
}

/// A piece of what the model says.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// For the person.
    Text(String),
    /// Not for the person.
    Reasoning(String),
    /// For a tool.
    ToolCall(CallPiece),
}

/// A piece of a call of a tool.
#[derive(Debug, Default, PartialEq, Deserialize)]
pub(super) struct CallPiece {
    /// Which call it belongs to, if the server says so.
    pub(super) index: Option<u64>,
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) function: FunctionPiece,
    /// What Gemini wants back with the call.
    pub(super) extra_content: Option<Value>,
}

/// A piece of its name and arguments.
#[derive(Debug, Default, PartialEq, Deserialize)]
pub(super) struct FunctionPiece {
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "text_or_object")]
    pub(super) arguments: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    /// Mistral sends parts, of which those of the type `text` are the answer.
    Parts(Vec<Value>),
}

/// Tokens used.
#[derive(Deserialize)]
pub(super) struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    /// How DeepSeek says the same.
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

impl Chunk {
    pub(super) fn parse(data: &str, secrets: &Secrets) -> Result<Self, ProviderError> {
        let chunk: Self =
            serde_json::from_str(data).map_err(|error| not_understood(data, &error, secrets))?;
        match chunk.error.filter(|error| !error.is_null()) {
            Some(error) => Err(Failure::in_stream(&error).into_error(secrets)),
            None => Ok(Self { error: None, ..chunk }),
        }
    }
}

impl Choice {
    /// Why the answer ended, once it has.
    pub(super) fn stop(&self) -> Option<Stop> {
        Some(match self.finish_reason.as_deref()? {
            "length" => Stop::Length,
            "content_filter" => Stop::Refused,
            _ => Stop::Complete,
        })
    }

    /// Pieces of the answer, reasoning first.
    pub(super) fn pieces(self) -> impl Iterator<Item = Piece> {
        let delta = self.delta.unwrap_or_default();
        let is_said = |text: &String| !text.is_empty();
        let reasoning = delta.reasoning_content.or(delta.reasoning).filter(is_said);
        let text = delta.content.map(Content::into_text).filter(is_said);
        let text = text.or(delta.refusal.filter(is_said));
        let calls = delta.tool_calls.into_iter().flatten();
        let said = reasoning.map(Piece::Reasoning).into_iter().chain(text.map(Piece::Text));
        said.chain(calls.map(Piece::ToolCall))
    }
}

impl Content {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => {
                let texts = parts.iter().filter(|part| part["type"] == "text");
                texts.filter_map(|part| part["text"].as_str()).collect()
            }
        }
    }
}

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        let details = wire.prompt_tokens_details.and_then(|details| details.cached_tokens);
        Self {
            input_tokens: wire.prompt_tokens.unwrap_or_default(),
            cached_tokens: details.or(wire.prompt_cache_hit_tokens).unwrap_or_default(),
            output_tokens: wire.completion_tokens.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ProviderSettings;

    #[test]
    fn text_and_reasoning_are_told_apart() {
        #[track_caller]
        fn check(delta: &str, expected: &[Piece]) {
            let data = format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#);
            let secrets = Secrets::new(&ProviderSettings::default());
            let chunk = Chunk::parse(&data, &secrets).expect("the event is valid");
            let choice = chunk.choices.into_iter().flatten().next().expect("there is a choice");
            assert_eq!(choice.pieces().collect::<Vec<_>>(), expected);
        }
        let text = || Piece::Text("a".to_owned());
        let reasoning = || Piece::Reasoning("r".to_owned());
        check(r#"{"content":"a"}"#, &[text()]);
        check(r#"{"content":"","reasoning_content":"r"}"#, &[reasoning()]);
        check(r#"{"content":null,"reasoning":"r"}"#, &[reasoning()]);
        check("null", &[]);
        check(
            r#"{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"a"}]}"#,
            &[text()],
        );
    }
}
