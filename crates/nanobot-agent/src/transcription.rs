//! Turns speech into text, by a service on the network.
//!
//! Groq and OpenAI offer the same call; so do servers that people run themselves, which are reached
//! by `apiBase` of either. See [OpenAI API/Audio](https://platform.openai.com/docs/api-reference/audio/createTranscription)
//! and [Groq/Speech to text](https://console.groq.com/docs/speech-to-text).

mod answer;
mod clip;
mod error;
mod hear;
mod recent;
mod service;

use std::path::Path;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::multipart::Form;
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::provider::{ErrorKind, HttpClient, ProviderError};
use crate::settings::ModelSettings;
use crate::wire::{Failure, Secrets, extra_header, key_header};

use clip::Clip;
pub use error::TranscriptionError;
pub(crate) use hear::hear;
use recent::Recent;
pub use service::TranscriptionSettings;

/// Files that are sent at a time; more of them wait, which counts as a part of their time.
const AT_ONCE: usize = 4;

/// Turns audio files into text; one for the whole program.
pub struct Transcriber {
    http: HttpClient,
    url: String,
    headers: HeaderMap,
    secrets: Secrets,
    model: String,
    language: Option<String>,
    max_file_bytes: u64,
    time_limit: Duration,
    room: Semaphore,
    recent: Recent,
}

/// What is said in a file.
struct Heard {
    words: String,
    was_asked_before: bool,
}

impl Transcriber {
    /// The configured service; none if transcription is switched off or no service can be asked.
    ///
    /// What a person should change is logged.
    #[must_use]
    pub fn from_settings(settings: &TranscriptionSettings, models: &ModelSettings) -> Option<Self> {
        if !settings.is_enabled {
            return None;
        }
        let service = service::choose(settings, models)?;
        tracing::info!(
            provider = service.name,
            model = service.model,
            "Voice messages become text."
        );
        let made = Self::new(settings, models, service);
        made.inspect_err(|error| {
            tracing::warn!(%error, "Voice messages stay files: the speech service cannot be asked.");
        })
        .ok()
    }

    fn new(
        settings: &TranscriptionSettings,
        models: &ModelSettings,
        service: service::Chosen,
    ) -> Result<Self, ProviderError> {
        let service::Chosen { base, model, provider, .. } = service;
        let mut headers = HeaderMap::new();
        if let Some(key) = provider.key() {
            let key = key.expose_secret().trim();
            headers.insert(AUTHORIZATION, key_header(&format!("Bearer {key}"))?);
        }
        for (name, value) in &provider.extra_headers {
            let (name, value) = extra_header(name, value.expose_secret())?;
            headers.insert(name, value);
        }
        Ok(Self {
            http: HttpClient::new(&base, models.connect_timeout, provider.proxy.clone()),
            url: format!("{base}/audio/transcriptions"),
            headers,
            secrets: Secrets::new(&provider),
            model,
            language: settings.language.clone(),
            max_file_bytes: settings.max_file_bytes,
            time_limit: settings.time_limit,
            room: Semaphore::new(AT_ONCE),
            recent: Recent::default(),
        })
    }

    /// The words that are spoken in a file; empty if there are none.
    ///
    /// Takes at most the time limit of the settings, however many files wait. The words of the
    /// newest files are remembered.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is empty or too large, or the service did not answer.
    pub async fn transcribe(&self, file: &Path) -> Result<String, TranscriptionError> {
        self.hear(file).await.map(|heard| heard.words)
    }

    async fn hear(&self, file: &Path) -> Result<Heard, TranscriptionError> {
        let asked = timeout(self.time_limit, self.ask(file)).await;
        asked.unwrap_or(Err(TranscriptionError::Timeout { limit: self.time_limit }))
    }

    async fn ask(&self, file: &Path) -> Result<Heard, TranscriptionError> {
        let _room = self.room.acquire().await;
        let (clip, stamp) = Clip::open(file, self.max_file_bytes).await?;
        if let Some(words) = self.recent.get(&stamp) {
            return Ok(Heard { words, was_asked_before: true });
        }
        let request = self.http.get()?.post(&self.url).headers(self.headers.clone());
        let response = request.multipart(self.form(clip)).send().await;
        let response = response.map_err(|error| {
            ProviderError::new(ErrorKind::Network, "failed to reach the speech service")
                .with_source(error.without_url())
        })?;
        if !response.status().is_success() {
            return Err(Failure::read(response).await.into_error(&self.secrets).into());
        }
        let words = answer::read(response).await?;
        self.recent.keep(stamp, &words);
        Ok(Heard { words, was_asked_before: false })
    }

    fn form(&self, clip: Clip) -> Form {
        let form = Form::new()
            .part("file", clip.into_part())
            .text("model", self.model.clone())
            .text("response_format", "json");
        match &self.language {
            Some(language) => form.text("language", language.clone()),
            None => form,
        }
    }
}

impl std::fmt::Debug for Transcriber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Transcriber").field("model", &self.model).finish_non_exhaustive()
    }
}
