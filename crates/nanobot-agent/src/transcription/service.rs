//! Which speech service is asked, and where.

use std::time::Duration;

use nanobot_config::Config;
use secrecy::SecretString;

use crate::provider::{find, same_name};
use crate::settings::{ModelSettings, ProviderSettings};

/// Longest time that one file may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);
const BYTES_PER_MIB: u64 = 1024 * 1024;

/// Services whose call is known, each with its usual model.
const SERVICES: [(&str, &str); 2] = [("groq", "whisper-large-v3"), ("openai", "whisper-1")];

/// Settings of the transcription of speech.
#[derive(Debug, Clone)]
pub struct TranscriptionSettings {
    /// Whether speech becomes text at all.
    pub is_enabled: bool,
    /// Name of the service: `groq` or `openai`.
    pub provider: String,
    /// Key, if it is not the one of the provider.
    pub api_key: Option<SecretString>,
    /// Model instead of the service's usual one.
    pub model: Option<String>,
    /// Language that is spoken; the service finds out if it is not said.
    pub language: Option<String>,
    /// Largest file that is sent, in bytes.
    pub max_file_bytes: u64,
    /// Longest time that one file may take.
    pub time_limit: Duration,
}

/// A service that can be asked.
pub(super) struct Chosen {
    pub(super) name: &'static str,
    /// Without a slash at the end.
    pub(super) base: String,
    pub(super) model: String,
    /// What is configured about it, with the key that counts.
    pub(super) provider: ProviderSettings,
}

impl Default for TranscriptionSettings {
    /// Off: nothing leaves the machine unless the configuration says so.
    fn default() -> Self {
        Self {
            is_enabled: false,
            provider: "groq".to_owned(),
            api_key: None,
            model: None,
            language: None,
            max_file_bytes: 25 * BYTES_PER_MIB,
            time_limit: TIME_LIMIT,
        }
    }
}

impl TranscriptionSettings {
    /// Takes what the configuration says; the section `transcription` comes before the older keys
    /// of `channels`.
    pub(crate) fn from_config(config: &Config) -> Self {
        let (section, channels) = (&config.transcription, &config.channels);
        let provider = section.provider.as_ref().unwrap_or(&channels.transcription_provider);
        let language = section.language.as_ref().or(channels.transcription_language.as_ref());
        Self {
            is_enabled: section.enabled,
            provider: provider.clone(),
            api_key: channels.transcription_api_key.clone(),
            model: section.model.clone(),
            language: language.cloned(),
            max_file_bytes: u64::from(section.max_upload_mb) * BYTES_PER_MIB,
            time_limit: TIME_LIMIT,
        }
    }
}

/// The service to ask. It needs a key, unless it is a server of the user's own at an address of this
/// or another machine.
pub(super) fn choose(settings: &TranscriptionSettings, models: &ModelSettings) -> Option<Chosen> {
    let name = settings.provider.trim();
    let Some((known, usual)) = SERVICES.into_iter().find(|(known, _)| same_name(known, name))
    else {
        tracing::warn!(
            provider = name,
            "Voice messages stay files: `transcription.provider` has to be groq or openai."
        );
        return None;
    };
    let mut provider = models.of(known).cloned().unwrap_or_default();
    if settings.api_key.is_some() {
        provider.api_key.clone_from(&settings.api_key);
    }
    let base = match (provider.base(), provider.key()) {
        (Some(base), _) => base,
        (None, Some(_)) => find(known)?.base?,
        (None, None) => return None,
    };
    let base = base.trim_end_matches('/').to_owned();
    let model = settings.model.as_deref().map(str::trim).filter(|model| !model.is_empty());
    Some(Chosen { name: known, base, model: model.unwrap_or(usual).to_owned(), provider })
}

#[cfg(test)]
mod tests {
    use nanobot_config::{ConfigFile, Environment};

    use super::*;
    use crate::AgentSettings;

    fn chosen(config: &str) -> Option<(String, String, Option<String>)> {
        let file = ConfigFile::parse("config.json".as_ref(), config.to_owned());
        let config = file.and_then(|file| file.resolve(&Environment::default()));
        let config = config.expect("the configuration is valid");
        let settings =
            AgentSettings::from_config(&config, "/home/ann".as_ref(), &Environment::default());
        let chosen = choose(&settings.transcription, &settings.model)?;
        let key = chosen.provider.key().map(|key| {
            use secrecy::ExposeSecret;
            key.expose_secret().to_owned()
        });
        Some((chosen.base, chosen.model, key))
    }

    #[test]
    fn the_service_is_the_one_that_is_named_and_has_a_key_or_an_address() {
        #[track_caller]
        fn check(config: &str, expected: Option<(&str, &str, Option<&str>)>) {
            let own = |(base, model, key): (&str, &str, Option<&str>)| {
                (base.to_owned(), model.to_owned(), key.map(str::to_owned))
            };
            assert_eq!(chosen(config), expected.map(own), "{config}");
        }
        let groq = "https://api.groq.com/openai/v1";
        check("{}", None);
        check(r#"{"providers": {"openai": {"apiKey": "o"}}}"#, None);
        check(
            r#"{"providers": {"groq": {"apiKey": "g"}, "openai": {"apiKey": "o"}}}"#,
            Some((groq, "whisper-large-v3", Some("g"))),
        );
        check(
            r#"{"channels": {"transcriptionProvider": "openai"}, "providers": {"openai": {"apiKey": "o"}}}"#,
            Some(("https://api.openai.com/v1", "whisper-1", Some("o"))),
        );
        check(
            r#"{"channels": {"transcription_api_key": "own"}, "providers": {"groq": {"apiKey": "g"}}}"#,
            Some((groq, "whisper-large-v3", Some("own"))),
        );
        check(
            r#"{"channels": {"transcriptionProvider": "groq"},
                "transcription": {"provider": "openai", "model": "large"},
                "providers": {"openai": {"apiBase": "http://gpu:8000/v1/"}}}"#,
            Some(("http://gpu:8000/v1", "large", None)),
        );
        check(
            r#"{"transcription": {"provider": "assemblyai"}, "providers": {"groq": {"apiKey": "g"}}}"#,
            None,
        );
    }

    #[test]
    fn switched_off_there_is_no_transcriber_whatever_keys_there_are() {
        let models = ModelSettings {
            providers: [(
                "groq".to_owned(),
                ProviderSettings {
                    api_key: Some("key".to_owned().into()),
                    ..ProviderSettings::default()
                },
            )]
            .into(),
            ..ModelSettings::default()
        };
        let off = TranscriptionSettings::default();
        let on = TranscriptionSettings { is_enabled: true, ..off.clone() };
        assert!(super::super::Transcriber::from_settings(&off, &models).is_none());
        assert!(super::super::Transcriber::from_settings(&on, &models).is_some());
    }
}
