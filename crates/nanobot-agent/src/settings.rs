//! What the agent needs to know, apart from how the configuration file spells it.

mod provider;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nanobot_config::{Config, Environment, ExecSandbox, Paths, ProviderRetryMode, Tools};

use crate::offline::SCRIPT_VARIABLE;
use crate::provider::same_name;
use crate::transcription::TranscriptionSettings;

pub use provider::ProviderSettings;

/// Settings of the agent.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// Which model, and how to reach it.
    pub model: ModelSettings,
    /// Directory with `AGENTS.md` and the other files that shape the agent.
    pub workspace: PathBuf,
    /// IANA name of the time zone that the model is told.
    pub timezone: String,
    /// Size of the model's context window.
    pub context_window_tokens: u32,
    /// Most rounds of tools in one turn.
    pub max_tool_iterations: u32,
    /// Characters of one result of a tool that the model gets to see.
    pub max_tool_result_chars: u32,
    /// Whether the text of attached documents is read for the model.
    pub extract_document_text: bool,
    /// What tools may do.
    pub tools: ToolSettings,
    /// How voice messages become text.
    pub transcription: TranscriptionSettings,
}

/// Settings of the tools.
#[derive(Debug, Clone, Default)]
pub struct ToolSettings {
    /// The section `tools` of the configuration.
    pub config: Tools,
    /// Folder of the configuration and of all data. Tools see nothing of it but the workspace and
    /// the media folder, which both may lie in it.
    pub data_dir: Option<PathBuf>,
    /// What commands are locked into.
    pub sandbox: CommandSandbox,
}

/// What commands are locked into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CommandSandbox {
    /// What the system offers without another program: Landlock on Linux, else nothing.
    #[default]
    Automatic,
    /// Nothing; commands may do whatever the program's user may.
    Unconfined,
    /// Landlock; without it no command is run.
    Landlock,
    /// The program `bwrap`; without it no command is run.
    Bubblewrap,
}

impl From<ExecSandbox> for CommandSandbox {
    fn from(configured: ExecSandbox) -> Self {
        match configured {
            ExecSandbox::Automatic => Self::Automatic,
            ExecSandbox::Unconfined => Self::Unconfined,
            ExecSandbox::Landlock => Self::Landlock,
            ExecSandbox::Bubblewrap => Self::Bubblewrap,
        }
    }
}

/// Settings of the model.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Configured name of the model; without one the offline model answers.
    pub model: Option<String>,
    /// Models to ask, in this order, when the configured one does not answer.
    pub fallback_models: Vec<String>,
    /// Name of the provider of the configured model, or `auto`.
    pub provider: String,
    /// What is configured about providers, by their names.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// Longest answer.
    pub max_tokens: u32,
    /// Sampling temperature.
    pub temperature: f64,
    /// How hard the model should think, if it can be told.
    pub reasoning_effort: Option<String>,
    /// How long to go on after failures that may pass.
    pub retry: RetryMode,
    /// First wait before a retry; the next ones double.
    pub retry_step: Duration,
    /// Longest time to establish a connection.
    pub connect_timeout: Duration,
    /// Longest time without a byte of the answer.
    pub stall_timeout: Duration,
    /// Script of the offline model.
    pub offline_script: Option<PathBuf>,
}

/// How long to go on after failures that may pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RetryMode {
    /// Three retries.
    #[default]
    Standard,
    /// Waits of up to a minute, until the same failure came ten times in a row.
    Persistent,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            model: ModelSettings::default(),
            workspace: PathBuf::new(),
            timezone: "UTC".to_owned(),
            context_window_tokens: 65_536,
            max_tool_iterations: 200,
            max_tool_result_chars: 16_000,
            extract_document_text: true,
            tools: ToolSettings::default(),
            transcription: TranscriptionSettings::default(),
        }
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            model: None,
            fallback_models: Vec::new(),
            provider: "auto".to_owned(),
            providers: BTreeMap::new(),
            max_tokens: 8_192,
            temperature: 0.1,
            reasoning_effort: None,
            retry: RetryMode::Standard,
            retry_step: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(120),
            offline_script: None,
        }
    }
}

impl AgentSettings {
    /// Takes what the configuration says about the agent.
    #[must_use]
    pub fn from_config(config: &Config, home: &Path, environment: &Environment) -> Self {
        let script = environment.get(SCRIPT_VARIABLE).filter(|path| !path.is_empty());
        let defaults = &config.agents.defaults;
        Self {
            model: ModelSettings {
                offline_script: script.map(PathBuf::from),
                ..ModelSettings::from_config(config)
            },
            workspace: config.agents.workspace(home),
            timezone: defaults.timezone.clone(),
            context_window_tokens: defaults.context_window_tokens,
            max_tool_iterations: defaults.max_tool_iterations,
            max_tool_result_chars: defaults.max_tool_result_chars,
            extract_document_text: config.channels.extract_document_text,
            tools: ToolSettings {
                config: config.tools.clone(),
                data_dir: Some(Paths::default_for_home(home).data_dir),
                sandbox: config.tools.exec.sandbox.into(),
            },
            transcription: TranscriptionSettings::from_config(config),
        }
    }
}

impl AgentSettings {
    /// Says in which folder the configuration lies, if it is not the usual one.
    #[must_use]
    pub fn with_data_dir(mut self, data_dir: impl Into<PathBuf>) -> Self {
        self.tools.data_dir = Some(data_dir.into());
        self
    }
}

impl ToolSettings {
    /// Folder of the files that channels received.
    pub(crate) fn media_dir(&self) -> Option<PathBuf> {
        self.data_dir.as_ref().map(|data_dir| data_dir.join("media"))
    }
}

impl ModelSettings {
    fn from_config(config: &Config) -> Self {
        let defaults = &config.agents.defaults;
        let providers = config.providers.iter();
        Self {
            model: defaults.model.clone(),
            fallback_models: defaults.fallback_models.clone(),
            provider: defaults.provider.clone(),
            providers: providers.map(|(name, one)| (name.to_owned(), one.into())).collect(),
            max_tokens: defaults.max_tokens,
            temperature: defaults.temperature,
            reasoning_effort: defaults.reasoning_effort.clone(),
            retry: match defaults.provider_retry_mode {
                ProviderRetryMode::Standard => RetryMode::Standard,
                ProviderRetryMode::Persistent => RetryMode::Persistent,
            },
            stall_timeout: Duration::from_secs(defaults.stream_idle_timeout_s.into()),
            ..Self::default()
        }
    }

    /// What is configured about a provider, however its name is written.
    pub(crate) fn of(&self, provider: &str) -> Option<&ProviderSettings> {
        let same = |(name, _): &(&String, &ProviderSettings)| same_name(name, provider);
        self.providers.iter().find(same).map(|(_, settings)| settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_found_in_each_spelling() {
        let mut settings = ModelSettings::default();
        settings.providers.insert("xiaomi_mimo".to_owned(), ProviderSettings::default());
        assert!(settings.of("xiaomiMimo").is_some());
        assert!(settings.of("openai").is_none());
    }

    #[test]
    fn the_configuration_becomes_settings() {
        let text = r#"{
            "agents": {"defaults": {
                "fallbackModels": ["ollama/small"],
                "model": "some/model", "provider": "ollama", "maxTokens": 5, "timezone": "Europe/Berlin",
                "workspace": "~/work", "contextWindowTokens": 9, "providerRetryMode": "persistent",
                "maxToolIterations": 7, "maxToolResultChars": 8
            }},
            "tools": {"restrictToWorkspace": true, "exec": {"sandbox": "bwrap"}},
            "providers": {"ollama": {"apiBase": "http://gpu:1", "extraBody": {"think": false}}}
        }"#;
        let file = nanobot_config::ConfigFile::parse(Path::new("config.json"), text.to_owned());
        let environment = Environment::from_pairs([(SCRIPT_VARIABLE, "/script.json")]);
        let config = file.and_then(|file| file.resolve(&Environment::default()));
        let config = config.expect("the configuration is valid");
        let settings = AgentSettings::from_config(&config, Path::new("/home/ann"), &environment);
        assert_eq!(settings.workspace, Path::new("/home/ann/work"));
        assert_eq!(
            (settings.timezone.as_str(), settings.context_window_tokens),
            ("Europe/Berlin", 9)
        );
        let model = &settings.model;
        assert_eq!(
            (model.model.as_deref(), model.provider.as_str()),
            (Some("some/model"), "ollama")
        );
        assert_eq!((model.max_tokens, model.retry), (5, RetryMode::Persistent));
        assert_eq!(model.fallback_models, ["ollama/small"]);
        assert_eq!(model.offline_script.as_deref(), Some(Path::new("/script.json")));
        assert_eq!((settings.max_tool_iterations, settings.max_tool_result_chars), (7, 8));
        assert!(settings.tools.config.restrict_to_workspace);
        assert_eq!(settings.tools.sandbox, CommandSandbox::Bubblewrap);
        assert_eq!(
            settings.tools.media_dir().as_deref(),
            Some(Path::new("/home/ann/.nanobot/media"))
        );
        let settings = settings.clone().with_data_dir("/srv/bot");
        assert_eq!(settings.tools.media_dir().as_deref(), Some(Path::new("/srv/bot/media")));
        let ollama = model.of("ollama").expect("the provider is configured");
        assert_eq!(
            (ollama.base(), &ollama.extra_body["think"]),
            (Some("http://gpu:1"), &serde_json::Value::Bool(false))
        );
    }

    #[test]
    fn each_provider_that_the_configuration_knows_is_in_the_table() {
        for name in nanobot_config::Providers::KNOWN {
            let spec = crate::provider::find(name);
            assert_eq!(spec.map(|spec| spec.name), Some(*name));
        }
    }
}
