use schemars::JsonSchema;
use serde::Deserialize;

/// The section `transcription`: how voice messages become text.
///
/// The key and the address of the service are those of `providers.<provider>`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Transcription {
    /// Whether voice messages become text; they do only if the service has a key, too.
    pub enabled: bool,
    /// Service: `groq` or `openai`. If missing, `channels.transcriptionProvider`.
    pub provider: Option<String>,
    /// Model of the service; if missing, `whisper-large-v3` at Groq and `whisper-1` at OpenAI.
    pub model: Option<String>,
    /// Language that is spoken, as two or three letters; if missing, the service finds out.
    pub language: Option<String>,
    /// Largest file that is sent to the service, in MiB.
    #[schemars(range(min = 1, max = 100))]
    pub max_upload_mb: u32,
}

impl Default for Transcription {
    fn default() -> Self {
        Transcription {
            enabled: true,
            provider: None,
            model: None,
            language: None,
            max_upload_mb: 25,
        }
    }
}
