use std::error::Error;
use std::time::Duration;

use crate::provider::{ErrorKind, ProviderError};

/// Why an audio file did not become text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TranscriptionError {
    /// The file cannot be read.
    #[error("the audio file cannot be read")]
    File(#[source] std::io::Error),
    /// It is a folder, a pipe or a device.
    #[error("it is not a file")]
    NotAFile,
    /// The file is empty.
    #[error("the audio file is empty")]
    Empty,
    /// The file is larger than the configuration allows.
    #[error(
        "the audio file has {bytes} bytes, at most {max_bytes} are sent; \
         `transcription.maxUploadMb` allows more"
    )]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// What is allowed.
        max_bytes: u64,
    },
    /// The service took too long, or too many files waited for it.
    #[error("the speech service did not answer within {} s", .limit.as_secs())]
    Timeout {
        /// How long it was waited for.
        limit: Duration,
    },
    /// The service could not be asked, or refused.
    #[error("{}", said(.0))]
    Service(ProviderError),
}

impl From<ProviderError> for TranscriptionError {
    fn from(error: ProviderError) -> Self {
        Self::Service(error)
    }
}

impl TranscriptionError {
    /// What a person can do about it, where the configuration is wrong.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let Self::Service(error) = self else {
            return None;
        };
        match error.kind() {
            ErrorKind::Auth => Some("check the key of the speech service below `providers`"),
            ErrorKind::Quota => Some("the account at the speech service has no credit"),
            ErrorKind::ModelNotFound => Some("check `transcription.model`"),
            _ => None,
        }
    }
}

/// The error with its causes and what the service said, in one line; free of secrets.
fn said(error: &ProviderError) -> String {
    let mut text = match error.status() {
        Some(status) => format!("the speech service answered with status {status}"),
        None => error.to_string(),
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    match error.excerpt() {
        Some(excerpt) => format!("{text}: {excerpt}"),
        None => text,
    }
}
