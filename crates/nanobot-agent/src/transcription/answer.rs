//! What a speech service answers.

use serde::Deserialize;

use crate::provider::{ErrorKind, ProviderError};

/// Longest answer that is read; an hour of speech is a tenth of it.
const MAX_BYTES: usize = 1024 * 1024;

/// Members that are not needed are ignored.
#[derive(Deserialize)]
struct Answer {
    text: String,
}

/// The words of a successful answer.
pub(super) async fn read(mut response: reqwest::Response) -> Result<String, ProviderError> {
    let broke = |error: reqwest::Error| {
        ProviderError::new(ErrorKind::Network, "the answer of the speech service broke off")
            .with_source(error.without_url())
    };
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(broke)? {
        if body.len() + bytes.len() > MAX_BYTES {
            let text = "the answer of the speech service has no end";
            return Err(ProviderError::new(ErrorKind::BadResponse, text));
        }
        body.extend_from_slice(&bytes);
    }
    // Without the cause, whose words may repeat what a person said.
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| {
        let text = "the answer of the speech service is no JSON object with a text";
        ProviderError::new(ErrorKind::BadResponse, text)
    })?;
    Ok(answer.text.trim().to_owned())
}
