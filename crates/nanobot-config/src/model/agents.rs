use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

/// The section `agents`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Agents {
    /// Settings of every agent.
    pub defaults: AgentDefaults,
}

impl Agents {
    /// Returns the workspace folder with a leading `~` replaced by `home`.
    ///
    /// A relative path stays relative, so it means a folder below the working directory.
    #[must_use]
    pub fn workspace(&self, home: &Path) -> PathBuf {
        let typed = self.defaults.workspace.as_str();
        match typed.strip_prefix('~') {
            Some("") => home.to_owned(),
            Some(rest) if rest.starts_with(['/', std::path::MAIN_SEPARATOR]) => {
                home.join(&rest[1..])
            }
            _ => PathBuf::from(typed),
        }
    }
}

/// The section `agents.defaults`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentDefaults {
    /// Folder with the agent's memory, skills and sessions; `~` is the home folder.
    pub workspace: String,
    /// Model to use, e.g. `anthropic/claude-opus-4-5`; without one the built-in offline model answers.
    pub model: Option<String>,
    /// Models to ask, in this order, when the first does not answer; their providers are chosen by
    /// their names.
    pub fallback_models: Vec<String>,
    /// Key below `providers` to use, or `auto` to choose by the name of the model.
    pub provider: String,
    /// Most tokens the model may write in one answer.
    #[schemars(range(min = 1))]
    pub max_tokens: u32,
    /// Tokens that fit into the model's context.
    #[schemars(range(min = 1))]
    pub context_window_tokens: u32,
    /// Most tokens of history sent with a request; not set: decided from the context window.
    pub context_block_limit: Option<u32>,
    /// Randomness of the model's choice of words.
    #[schemars(range(min = 0.0))]
    pub temperature: f64,
    /// Most rounds of tool calls in one turn.
    #[schemars(range(min = 1))]
    pub max_tool_iterations: u32,
    /// Most characters of one tool result that the model gets to see.
    #[schemars(range(min = 1))]
    pub max_tool_result_chars: u32,
    /// How long to try again when a provider fails.
    pub provider_retry_mode: ProviderRetryMode,
    /// Seconds without a word from the provider after which an answer ends with what was said so far.
    #[schemars(range(min = 1))]
    pub stream_idle_timeout_s: u32,
    /// How much the model should think, e.g. `low`, `medium`, `high` or `adaptive`.
    pub reasoning_effort: Option<String>,
    /// IANA name of the time zone that the agent tells the time in.
    pub timezone: String,
    /// What becomes of a message that comes while its session's turn runs.
    pub while_busy: WhileBusy,
    /// Periodic tidying of the agent's memory.
    pub dream: Dream,
}

impl Default for AgentDefaults {
    fn default() -> Self {
        AgentDefaults {
            workspace: "~/.nanobot/workspace".to_owned(),
            model: None,
            fallback_models: Vec::new(),
            provider: "auto".to_owned(),
            max_tokens: 8192,
            context_window_tokens: 65_536,
            context_block_limit: None,
            temperature: 0.1,
            max_tool_iterations: 200,
            max_tool_result_chars: 16_000,
            provider_retry_mode: ProviderRetryMode::Standard,
            stream_idle_timeout_s: 120,
            reasoning_effort: None,
            timezone: "UTC".to_owned(),
            while_busy: WhileBusy::Queue,
            dream: Dream::default(),
        }
    }
}

/// What becomes of a message that comes while its session's turn runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WhileBusy {
    /// It waits, and gets an answer of its own.
    #[default]
    Queue,
    /// It joins the running turn at its next use of tools, and is answered together with the message before it.
    Steer,
}

/// How long to try again when a provider fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProviderRetryMode {
    /// A few attempts within seconds.
    #[default]
    Standard,
    /// Up to a minute between attempts, until the same error came back many times.
    Persistent,
}

/// The section `agents.defaults.dream`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Dream {
    /// Hours between two runs.
    #[schemars(range(min = 1))]
    pub interval_h: u32,
    /// Cron expression used instead of the interval; an older way to say it.
    pub cron: Option<String>,
    /// Model for this work, if not the agent's own.
    pub model_override: Option<String>,
    /// Most history entries looked at in one run.
    #[schemars(range(min = 1))]
    pub max_batch_size: u32,
    /// Most rounds of tool calls in one run.
    #[schemars(range(min = 1))]
    pub max_iterations: u32,
}

impl Default for Dream {
    fn default() -> Self {
        Dream {
            interval_h: 2,
            cron: None,
            model_override: None,
            max_batch_size: 20,
            max_iterations: 10,
        }
    }
}
