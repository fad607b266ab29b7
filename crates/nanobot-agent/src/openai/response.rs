//! One event of a streamed answer.

use serde::Deserialize;
use serde_json::Value;

use crate::provider::{ErrorKind, ProviderError, Usage};

use super::failure::Failure;
use super::secrets::Secrets;

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
    pub(super) finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct WireDelta {
    content: Option<Content>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
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
}

impl Chunk {
    pub(super) fn parse(data: &str, secrets: &Secrets) -> Result<Self, ProviderError> {
        let chunk: Self = serde_json::from_str(data).map_err(|error| {
            ProviderError::new(ErrorKind::BadResponse, "an event of the answer is not understood")
                .with_excerpt(secrets.excerpt(data))
                .with_source(place(&error))
        })?;
        match chunk.error.filter(|error| !error.is_null()) {
            Some(error) => Err(Failure::in_stream(&error).into_error(secrets)),
            None => Ok(Self { error: None, ..chunk }),
        }
    }
}

/// Where an event is wrong, without the words of the error: they repeat the event, and so what people
/// wrote.
fn place(error: &serde_json::Error) -> String {
    format!("{:?} error at column {}", error.classify(), error.column())
}

impl Choice {
    /// Pieces of the answer; `true` marks text for the person, `false` reasoning.
    pub(super) fn pieces(self) -> impl Iterator<Item = (bool, String)> {
        let delta = self.delta.unwrap_or_default();
        let reasoning = delta.reasoning_content.or(delta.reasoning);
        let text = delta.content.map(Content::into_text);
        let pieces = [(false, reasoning), (true, text)].into_iter();
        pieces.filter_map(|(is_text, piece)| {
            Some((is_text, piece.filter(|piece| !piece.is_empty())?))
        })
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
        Self {
            input_tokens: wire.prompt_tokens.unwrap_or_default(),
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
        fn check(delta: &str, expected: &[(bool, &str)]) {
            let data = format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#);
            let secrets = Secrets::new(&ProviderSettings::default());
            let chunk = Chunk::parse(&data, &secrets).expect("the event is valid");
            let choice = chunk.choices.into_iter().flatten().next().expect("there is a choice");
            let pieces: Vec<_> = choice.pieces().collect();
            let pieces: Vec<_> =
                pieces.iter().map(|(is_text, piece)| (*is_text, piece.as_str())).collect();
            assert_eq!(pieces, expected);
        }
        check(r#"{"content":"a"}"#, &[(true, "a")]);
        check(r#"{"content":"","reasoning_content":"r"}"#, &[(false, "r")]);
        check(r#"{"content":null,"reasoning":"r"}"#, &[(false, "r")]);
        check("null", &[]);
        check(
            r#"{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"a"}]}"#,
            &[(true, "a")],
        );
    }
}
