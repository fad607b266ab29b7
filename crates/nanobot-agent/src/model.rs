//! The model that the agent asks, as configured.

use std::sync::Arc;

use crate::anthropic::AnthropicModel;
use crate::gemini::GeminiModel;
use crate::notice;
use crate::offline::{OfflineModel, ScriptError};
use crate::openai::OpenAiModel;
use crate::provider::{
    ModelProvider, Placement, ProviderError, Selection, SelectionError, Wire, select,
};
use crate::settings::ModelSettings;

/// Name that chooses the offline model, alone or with a script after a colon.
const OFFLINE: &str = "offline";
/// What the original asks when no model is configured; only providers that offer it are asked.
const DEFAULT_MODEL: &str = "anthropic/claude-opus-4-5";

/// Which model answers, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDescription {
    /// Configured name.
    pub name: String,
    /// Key of the provider below `providers`, or `offline`.
    pub provider: String,
    /// Whether answers come from the built-in offline model.
    pub offline: bool,
    /// What to do to get better answers, or any.
    pub hint: Option<String>,
}

/// Why the configured model cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum ModelProblem {
    /// No provider can be asked.
    #[error("no provider can be asked for the model")]
    Selection(#[from] SelectionError),
    /// Script of the offline model cannot be used.
    #[error("the script of the offline model cannot be used")]
    Script(#[from] ScriptError),
    /// Key or headers cannot be sent.
    #[error("the configured key or headers cannot be sent")]
    Provider(#[from] ProviderError),
}

/// What the notices about a failure name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    /// Name of the provider for people.
    pub(crate) label: String,
    /// Key below `providers`.
    pub(crate) provider: String,
    pub(crate) base: String,
    pub(crate) model: String,
}

/// The configured model, or why there is none.
pub(crate) struct Model {
    pub(crate) provider: Result<Box<dyn ModelProvider>, ModelProblem>,
    pub(crate) description: ModelDescription,
    pub(crate) target: Target,
}

/// The configured model, and those that answer when it does not.
#[derive(Clone)]
pub(crate) struct Models {
    pub(crate) first: Arc<Model>,
    fallbacks: Vec<Arc<Model>>,
}

impl Models {
    pub(crate) fn from_settings(settings: &ModelSettings) -> Self {
        // The configured provider is that of the first model.
        let automatic = ModelSettings { provider: "auto".to_owned(), ..settings.clone() };
        let fallback = |name: &String| {
            let settings = ModelSettings { model: Some(name.clone()), ..automatic.clone() };
            Arc::new(Model::from_settings(&settings))
        };
        let names = settings.fallback_models.iter().filter(|name| !name.trim().is_empty());
        let first = Arc::new(Model::from_settings(settings));
        Self { first, fallbacks: names.map(fallback).collect() }
    }

    /// A model that the program brings itself.
    pub(crate) fn given(provider: Box<dyn ModelProvider>, name: &str) -> Self {
        Self { first: Arc::new(Model::given(provider, name)), fallbacks: Vec::new() }
    }

    /// Names of all models, in the order in which they are asked.
    pub(crate) fn names(&self) -> Vec<String> {
        self.all().map(|model| model.description.name.clone()).collect()
    }

    /// The same models, but this one is asked first.
    pub(crate) fn preferring(&self, name: Option<&str>) -> Self {
        let is_wanted = |model: &Arc<Model>| Some(model.description.name.as_str()) == name;
        let mut all: Vec<Arc<Model>> = self.all().cloned().collect();
        if let Some(place) = all.iter().position(is_wanted) {
            all[..=place].rotate_right(1);
        }
        let fallbacks = all.split_off(1);
        Self { first: Arc::clone(&all[0]), fallbacks }
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Model>> {
        [&self.first].into_iter().chain(&self.fallbacks)
    }

    pub(crate) fn describe(&self) -> ModelDescription {
        self.first.description.clone()
    }

    /// Fails with a notice when none of the models can be asked.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (&self.first.provider, self.usable().next()) {
            (Err(problem), None) => Err(notice::problem(problem)),
            _ => Ok(()),
        }
    }

    /// Those that can be asked, in their order.
    pub(crate) fn usable(&self) -> impl Iterator<Item = &Model> {
        self.all().map(Arc::as_ref).filter(|model| model.provider.is_ok())
    }

    pub(crate) fn warm_up(&self) {
        if let Ok(provider) = &self.first.provider {
            provider.warm_up();
        }
    }
}

impl Model {
    pub(crate) fn from_settings(settings: &ModelSettings) -> Self {
        let configured = settings.model.as_deref().map(str::trim).filter(|name| !name.is_empty());
        match configured {
            None => default_selection(settings).map_or_else(
                || Self::offline(settings, None),
                |found| Self::online(settings, DEFAULT_MODEL, Ok(found)),
            ),
            Some(name) => match offline_script(name) {
                Some(script) => Self::offline(settings, script),
                None => Self::online(settings, name, select(settings, name)),
            },
        }
    }

    /// A model that the program brings itself.
    pub(crate) fn given(provider: Box<dyn ModelProvider>, name: &str) -> Self {
        let target = Target { label: name.to_owned(), ..Target::default() };
        let description = ModelDescription {
            name: name.to_owned(),
            provider: name.to_owned(),
            offline: false,
            hint: None,
        };
        Self { provider: Ok(provider), description, target }
    }

    fn offline(settings: &ModelSettings, script: Option<&str>) -> Self {
        let path = script.map(Into::into).or_else(|| settings.offline_script.clone());
        let model =
            path.map_or_else(|| Ok(OfflineModel::default()), |path| OfflineModel::scripted(&path));
        let provider: Result<Box<dyn ModelProvider>, ModelProblem> = match model {
            Ok(model) => Ok(Box::new(model)),
            Err(error) => Err(error.into()),
        };
        let hint = match &provider {
            Ok(_) => notice::OFFLINE_HINT.to_owned(),
            Err(problem) => notice::problem(problem),
        };
        let description = ModelDescription {
            name: OFFLINE.to_owned(),
            provider: OFFLINE.to_owned(),
            offline: true,
            hint: Some(hint),
        };
        Self { provider, description, target: Target::default() }
    }

    fn online(
        settings: &ModelSettings,
        name: &str,
        found: Result<Selection, SelectionError>,
    ) -> Self {
        let target = found.as_ref().map(Target::from).unwrap_or_default();
        let provider = connect(settings, found);
        let description = ModelDescription {
            name: name.to_owned(),
            provider: target.provider.clone(),
            offline: false,
            hint: provider.as_ref().err().map(notice::problem),
        };
        Self { provider, description, target }
    }
}

fn connect(
    settings: &ModelSettings,
    found: Result<Selection, SelectionError>,
) -> Result<Box<dyn ModelProvider>, ModelProblem> {
    let selection = found?;
    Ok(match selection.spec.wire {
        Wire::Anthropic => Box::new(AnthropicModel::new(&selection, settings)?),
        Wire::Gemini if GeminiModel::is_spoken_at(&selection.base) => {
            Box::new(GeminiModel::new(&selection, settings)?)
        }
        _ => Box::new(OpenAiModel::new(&selection, settings)?),
    })
}

impl From<&Selection> for Target {
    fn from(selection: &Selection) -> Self {
        Self {
            label: match selection.spec.placement {
                Placement::Custom => format!("`{}`", selection.name),
                _ => selection.spec.label.to_owned(),
            },
            provider: selection.name.clone(),
            base: shown(&selection.base),
            model: selection.model.clone(),
        }
    }
}

/// A base URL as everybody in a chat may see it: without the password that it may hold.
fn shown(base: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(base) else { return base.to_owned() };
    if url.username().is_empty() && url.password().is_none() {
        return base.to_owned();
    }
    // Fails only for addresses that can have neither.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.to_string()
}

/// Whether a model's name means the offline model, and with which script.
fn offline_script(name: &str) -> Option<Option<&str>> {
    if name == OFFLINE {
        return Some(None);
    }
    let script = name.strip_prefix(OFFLINE)?.strip_prefix(':')?;
    Some(Some(script).filter(|script| !script.is_empty()))
}

/// The default model, if a provider that offers it has a key: a configuration that worked for the
/// original without naming a model works here too.
fn default_selection(settings: &ModelSettings) -> Option<Selection> {
    let found = select(settings, DEFAULT_MODEL).ok()?;
    let offers_it = found.spec.name == "anthropic" || found.spec.placement == Placement::Gateway;
    offers_it.then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ProviderSettings;

    fn describe(model: Option<&str>, providers: &[(&str, &str)]) -> ModelDescription {
        let mut settings =
            ModelSettings { model: model.map(str::to_owned), ..ModelSettings::default() };
        for (name, key) in providers {
            let one = ProviderSettings {
                api_key: Some((*key).to_owned().into()),
                ..ProviderSettings::default()
            };
            settings.providers.insert((*name).to_owned(), one);
        }
        Model::from_settings(&settings).description
    }

    #[test]
    fn without_a_model_and_a_key_the_offline_model_answers() {
        let description = describe(None, &[("groq", "k"), ("openrouter", "")]);
        assert!(description.offline);
        assert_eq!(description.hint.as_deref(), Some(notice::OFFLINE_HINT));
        assert!(describe(Some("offline"), &[("openrouter", "k")]).offline);
    }

    #[test]
    fn without_a_model_a_provider_that_offers_the_default_one_is_asked() {
        let description = describe(None, &[("openrouter", "k")]);
        assert_eq!(
            (description.name.as_str(), description.provider.as_str()),
            (DEFAULT_MODEL, "openrouter")
        );
        assert!(!description.offline);
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        assert_eq!(shown("http://ann:secret@host:1/v1"), "http://host:1/v1");
        assert_eq!(shown("http://ann@host/v1"), "http://host/v1");
        assert_eq!(shown("http://host/v1"), "http://host/v1");
    }

    #[test]
    fn a_model_without_a_key_is_described_with_what_is_missing() {
        let description = describe(Some("anthropic/claude-opus-4-5"), &[]);
        assert!(!description.offline);
        let hint = description.hint.expect("there is something to do");
        assert!(hint.contains("`providers.anthropic.apiKey`"), "{hint}");
    }
}
