use indexmap::IndexMap;
use schemars::{JsonSchema, Schema};
use secrecy::SecretString;
use serde::Deserialize;

use super::{ChannelSection, CommonKeys};
use crate::schema::inlined_schema_for;

/// The section `channels`: settings for all channels, and one section for each.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = describe_sections)]
pub struct Channels {
    /// Whether interim texts of a turn are sent.
    pub send_progress: bool,
    /// Whether tool calls are announced.
    pub send_tool_hints: bool,
    /// Most attempts to deliver one message; 0 and 1 both mean a single one.
    #[schemars(range(min = 0, max = 10))]
    pub send_max_retries: u8,
    /// Whether the text of attached documents (PDF, office files, files of text) is given to the
    /// agent with the message.
    pub extract_document_text: bool,
    /// Key below `providers` of the service that turns voice messages into text: `groq` or `openai`.
    /// `transcription.provider` comes first.
    pub transcription_provider: String,
    /// Key of that service, if it is not the one below `providers`.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub transcription_api_key: Option<SecretString>,
    /// Language of voice messages, as two or three letters. `transcription.language` comes first.
    pub transcription_language: Option<String>,
    /// Sections by channel name, exactly as typed and in the order of the file.
    #[serde(skip)]
    pub sections: IndexMap<String, ChannelSection>,
}

impl Default for Channels {
    fn default() -> Self {
        Channels {
            send_progress: true,
            send_tool_hints: false,
            send_max_retries: 3,
            extract_document_text: true,
            transcription_provider: "groq".to_owned(),
            transcription_api_key: None,
            transcription_language: None,
            sections: IndexMap::new(),
        }
    }
}

/// Adds to the schema that every other key is a channel.
fn describe_sections(schema: &mut Schema) {
    schema.insert("additionalProperties".to_owned(), inlined_schema_for::<CommonKeys>().to_value());
}
