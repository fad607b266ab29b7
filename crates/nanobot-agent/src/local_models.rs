//! Finds model servers that run on this machine, to offer them.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::provider::{HttpClient, is_loopback};

/// Longest time for a server to answer.
const PROBE_TIMEOUT: Duration = Duration::from_millis(300);
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Names that are listed of one server.
const MAX_MODELS: usize = 100;

/// A kind of model server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalServerKind {
    /// Ollama.
    Ollama,
    /// LM Studio.
    LmStudio,
    /// vLLM.
    Vllm,
}

/// Where a model server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalCandidate {
    /// What it would be.
    pub kind: LocalServerKind,
    /// URL without a path, such as `http://localhost:11434`.
    pub root: String,
}

/// A model server that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalServer {
    /// What it is.
    pub kind: LocalServerKind,
    /// Value for `apiBase`.
    pub api_base: String,
    /// Names of its models.
    pub models: Vec<String>,
}

impl LocalServerKind {
    /// Name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Ollama => "Ollama",
            Self::LmStudio => "LM Studio",
            Self::Vllm => "vLLM",
        }
    }

    /// Key below `providers` to configure it with.
    #[must_use]
    pub fn provider(self) -> &'static str {
        match self {
            Self::Ollama => "ollama",
            Self::LmStudio => "custom",
            Self::Vllm => "vllm",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Ollama => "api/tags",
            Self::LmStudio | Self::Vllm => "v1/models",
        }
    }

    /// Names of the models in an answer, or nothing if it is not one of such a server.
    fn models(self, answer: &Value) -> Option<Vec<String>> {
        let (list, name) = match self {
            Self::Ollama => ("models", "name"),
            Self::LmStudio | Self::Vllm => ("data", "id"),
        };
        let models = answer[list].as_array()?.iter();
        Some(
            models
                .filter_map(|model| model[name].as_str())
                .map(str::to_owned)
                .take(MAX_MODELS)
                .collect(),
        )
    }
}

impl LocalServer {
    /// The part of the configuration that uses a model of this server.
    #[must_use]
    pub fn config(&self, model: &str) -> Value {
        let provider = self.kind.provider();
        json!({
            "agents": {"defaults": {"provider": provider, "model": model}},
            "providers": {provider: {"apiBase": self.api_base}},
        })
    }
}

/// The usual places.
#[must_use]
pub fn usual_candidates() -> Vec<LocalCandidate> {
    let usual = [
        (LocalServerKind::Ollama, 11434),
        (LocalServerKind::LmStudio, 1234),
        (LocalServerKind::Vllm, 8000),
    ];
    usual
        .map(|(kind, port)| LocalCandidate { kind, root: format!("http://localhost:{port}") })
        .into()
}

/// Asks all candidates at once; those on other machines are not asked.
pub async fn find(candidates: &[LocalCandidate]) -> Vec<LocalServer> {
    let local = candidates.iter().filter(|candidate| is_loopback(&candidate.root));
    let answers = join_all(local.map(|candidate| timeout(PROBE_TIMEOUT, probe(candidate)))).await;
    answers.into_iter().filter_map(|answer| answer.ok().flatten()).collect()
}

/// A server that does not answer as expected is simply not there.
async fn probe(candidate: &LocalCandidate) -> Option<LocalServer> {
    let root = candidate.root.trim_end_matches('/');
    let http = HttpClient::new(root, PROBE_TIMEOUT, None);
    let url = format!("{root}/{}", candidate.kind.path());
    let mut response = http.get().ok()?.get(url).send().await.ok()?.error_for_status().ok()?;
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await.ok()? {
        body.extend_from_slice(&bytes);
        if body.len() > MAX_BODY_BYTES {
            return None;
        }
    }
    let models = candidate.kind.models(&serde_json::from_slice(&body).ok()?)?;
    Some(LocalServer { kind: candidate.kind, api_base: format!("{root}/v1"), models })
}
