//! What there is to know about an instance.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nanobot_agent::local_models::{self, LocalServer};
use nanobot_agent::provider::PROVIDERS;
use nanobot_agent::{Agent, ModelDescription};
use nanobot_config::{Config, ConfigError, ExposeSecret};
use nanobot_gateway::control::GatewayReport;
use serde::Serialize;
use serde_json::Value;

use super::usage::Usage;
use crate::instance::{Instance, Loaded};
use crate::{control, exit};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) version: &'static str,
    pub(super) config: ConfigState,
    /// Not known without a valid config, like all below that are missing.
    pub(super) workspace: Option<Workspace>,
    pub(super) model: Option<Model>,
    /// Whether there is a key, by the names of the providers.
    pub(super) provider_keys: BTreeMap<String, bool>,
    pub(super) gateway: Option<GatewayReport>,
    /// What models were used for; none if the ledger cannot be read.
    pub(super) usage: Option<Usage>,
    pub(super) local_models: Vec<LocalModels>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigState {
    pub(super) path: PathBuf,
    pub(super) exists: bool,
    pub(super) valid: bool,
    pub(super) warnings: usize,
    pub(super) error: Option<String>,
    pub(super) hint: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Workspace {
    pub(super) path: PathBuf,
    pub(super) exists: bool,
}

#[derive(Serialize)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) provider: String,
    pub(super) offline: bool,
    pub(super) hint: Option<String>,
}

/// A model server on this machine.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LocalModels {
    pub(super) server: &'static str,
    pub(super) api_base: String,
    pub(super) models: Vec<String>,
    /// The part of a config that uses its first model.
    pub(super) config: Option<Value>,
}

impl Report {
    pub(super) async fn gather(instance: &Instance) -> Self {
        let loaded = instance.load();
        let config = loaded.as_ref().ok().map(|loaded| &loaded.config);
        let socket = instance.paths.control_socket();
        let candidates = local_models::usual_candidates();
        let usage = async {
            match config {
                Some(config) => Usage::gather(instance, config).await,
                None => None,
            }
        };
        let (gateway, servers, usage) =
            tokio::join!(control::report(&socket), local_models::find(&candidates), usage);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            workspace: config.map(|config| Workspace::of(instance, config)),
            model: config
                .map(|config| Agent::new(instance.agent_settings(config)).describe_model().into()),
            provider_keys: config.map(provider_keys).unwrap_or_default(),
            config: ConfigState::of(instance, &loaded),
            // A gateway that does not answer is as good as none to whoever asks.
            gateway: gateway.ok().flatten(),
            usage,
            local_models: servers.into_iter().map(LocalModels::from).collect(),
        }
    }
}

impl ConfigState {
    fn of(instance: &Instance, loaded: &anyhow::Result<Loaded>) -> Self {
        let path = instance.paths.config_file.clone();
        match loaded {
            Ok(loaded) => Self {
                path,
                exists: loaded.exists,
                valid: true,
                warnings: loaded.config.warnings.len(),
                error: None,
                hint: None,
            },
            Err(error) => Self {
                exists: path.exists(),
                path,
                valid: false,
                warnings: 0,
                error: Some(
                    error
                        .downcast_ref::<ConfigError>()
                        .map_or_else(|| exit::chain(error), ToString::to_string),
                ),
                hint: exit::hint(error),
            },
        }
    }
}

impl Workspace {
    fn of(instance: &Instance, config: &Config) -> Self {
        let path = instance.workspace(config);
        Self { exists: path.is_dir(), path }
    }
}

impl From<ModelDescription> for Model {
    fn from(model: ModelDescription) -> Self {
        let ModelDescription { name, provider, offline, hint } = model;
        Self { name, provider, offline, hint }
    }
}

impl From<LocalServer> for LocalModels {
    fn from(server: LocalServer) -> Self {
        Self {
            server: server.kind.label(),
            config: server.models.first().map(|model| server.config(model)),
            api_base: server.api_base,
            models: server.models,
        }
    }
}

fn provider_keys(config: &Config) -> BTreeMap<String, bool> {
    let known = PROVIDERS.iter().map(|spec| spec.name);
    let configured = config.providers.iter().map(|(name, _)| name);
    let has_key = |name: &str| {
        let key = config.providers.get(name).and_then(|provider| provider.api_key.as_ref());
        key.is_some_and(|key| !key.expose_secret().is_empty())
    };
    known.chain(configured).map(|name| (name.to_owned(), has_key(name))).collect()
}
