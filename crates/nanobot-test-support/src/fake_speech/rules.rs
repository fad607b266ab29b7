//! The documented rules of the transcription call.
//!
//! See [OpenAI API/Audio](https://platform.openai.com/docs/api-reference/audio/createTranscription).

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::multipart;

const MAX_FILE_BYTES: usize = 25 * 1024 * 1024;
const ENDINGS: [&str; 9] = ["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];
const FIELDS: [&str; 5] = ["model", "language", "prompt", "response_format", "temperature"];

/// A valid request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeechRequest {
    /// Model that was asked for.
    pub model: String,
    /// Language that was named.
    pub language: Option<String>,
    /// Name of the file.
    pub file_name: String,
    /// Media type of the file.
    pub mime: Option<String>,
    /// The file.
    pub content: Vec<u8>,
}

impl SpeechRequest {
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = kind.and_then(multipart::boundary).ok_or("it is no multipart/form-data")?;
        let (fields, mut files) = multipart::parse(boundary, body)?;
        if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(format!("there is no field {unknown}"));
        }
        let format = text(&fields, "response_format").unwrap_or_else(|| "json".to_owned());
        if format != "json" {
            return Err(format!("response_format is {format}, and the answer would be no JSON"));
        }
        let language = text(&fields, "language");
        if let Some(language) = language.as_ref().filter(|language| !is_language(language)) {
            return Err(format!("language {language} is no ISO 639 code"));
        }
        let file = files.pop().filter(|_| files.is_empty()).ok_or("there has to be one file")?;
        if file.field != "file" {
            return Err(format!("the file is in the field {}", file.field));
        }
        if file.content.is_empty() || file.content.len() > MAX_FILE_BYTES {
            return Err(format!("the file has {} bytes", file.content.len()));
        }
        let ending = file.name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
        if !ENDINGS.contains(&ending) {
            return Err(format!("a file {} is not supported", file.name));
        }
        Ok(Self {
            model: text(&fields, "model").filter(|model| !model.is_empty()).ok_or("no model")?,
            language,
            file_name: file.name,
            mime: file.mime,
            content: file.content,
        })
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn is_language(code: &str) -> bool {
    matches!(code.len(), 2 | 3) && code.bytes().all(|letter| letter.is_ascii_lowercase())
}
