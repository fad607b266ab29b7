//! The body of a request, as clients of OpenAI write it. What is not named here is not looked at.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::refusal::Refusal;

#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    pub(super) messages: Vec<ChatMessage>,
    pub(super) model: Option<String>,
    pub(super) session_id: Option<Value>,
    pub(super) stream: Option<bool>,
    pub(super) stream_options: Option<StreamOptions>,
    n: Option<u64>,
    tools: Option<Vec<IgnoredAny>>,
    functions: Option<Vec<IgnoredAny>>,
    response_format: Option<ResponseFormat>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChatMessage {
    pub(super) role: ChatRole,
    pub(super) content: Option<Content>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ChatRole {
    System,
    Developer,
    User,
    Assistant,
}

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a text, or a list of parts of the types text, image_url and file"
)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    Text { text: String },
    ImageUrl { image_url: ImageUrl },
    File { file: FilePart },
}

#[derive(Debug, Deserialize)]
pub(super) struct ImageUrl {
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct FilePart {
    pub(super) filename: Option<String>,
    /// A data URL.
    pub(super) file_data: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct StreamOptions {
    #[serde(default)]
    pub(super) include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct ResponseFormat {
    #[serde(rename = "type")]
    kind: String,
}

impl ChatRequest {
    /// Reads a body, and refuses what would be answered in another way than the client expects.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(Refusal::invalid("the request must be a JSON object"));
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut json);
        let request = read.map_err(|error| {
            let path = error.path().to_string();
            let refusal =
                Refusal::invalid(format!("the request cannot be read: {}", error.inner()));
            // The path of the whole body is a dot.
            if path == "." { refusal } else { refusal.at(path) }
        })?;
        json.end().map_err(|error| {
            Refusal::invalid(format!("something stands behind the request: {error}"))
        })?;
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), Refusal> {
        let unsupported = |param: &str, why: &str| {
            Err(Refusal::invalid(why).at(param).with_code("unsupported_parameter"))
        };
        if self.n.is_some_and(|n| n != 1) {
            return unsupported("n", "there is one answer to a question; leave `n` out");
        }
        for (param, list) in [("tools", &self.tools), ("functions", &self.functions)] {
            if list.as_ref().is_some_and(|list| !list.is_empty()) {
                return unsupported(param, "the agent uses tools of its own; leave yours out");
            }
        }
        match &self.response_format {
            Some(format) if format.kind != "text" => unsupported(
                "response_format",
                "the agent answers in text; leave `response_format` out and say in the question \
                 what the answer is to look like",
            ),
            _ => Ok(()),
        }
    }

    pub(super) fn is_streamed(&self) -> bool {
        self.stream.unwrap_or_default()
    }

    pub(super) fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }
}
