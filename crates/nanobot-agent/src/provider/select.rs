//! Chooses the provider for the configured model.

use crate::settings::{ModelSettings, ProviderSettings};

use super::registry::{PROVIDERS, Placement, ProviderSpec, Wire, find, same_name};

/// A provider that can be asked, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// What is known about it.
    pub spec: &'static ProviderSpec,
    /// Its key below `providers`.
    pub name: String,
    /// Base URL without a slash at the end.
    pub base: String,
    /// Name of the model as the provider knows it.
    pub model: String,
}

/// Why no provider can be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// `agents.defaults.provider` names no provider.
    #[error("provider `{0}` is not known")]
    UnknownProvider(String),
    /// Provider needs a key.
    #[error("`providers.{}.apiKey` is not set", .0.name)]
    MissingKey(&'static ProviderSpec),
    /// Provider needs a base URL.
    #[error("`providers.{}.apiBase` is not set", .0.name)]
    MissingBase(&'static ProviderSpec),
    /// Provider has a wire of its own that is not spoken yet.
    #[error("provider `{}` is not supported yet", .0.name)]
    Unsupported(&'static ProviderSpec),
    /// No provider fits the model.
    #[error("no provider is configured for model `{0}`")]
    NoProvider(String),
}

/// Chooses the provider for `model`.
///
/// An explicit provider is taken as it is. Otherwise the first that fits: the name before the
/// slash, a keyword in the model's name, a local server with a configured base URL, the first
/// provider with a key.
///
/// # Errors
///
/// Returns what is missing in the configuration.
pub fn select(settings: &ModelSettings, model: &str) -> Result<Selection, SelectionError> {
    let wanted = settings.provider.as_str();
    if wanted.is_empty() || wanted.eq_ignore_ascii_case("auto") {
        let spec = automatic(settings, model)?;
        return resolve(spec, spec.name, settings, model);
    }
    match find(wanted).or_else(|| custom_of_own_name(settings)) {
        Some(spec) if spec.placement == Placement::Custom => resolve(spec, wanted, settings, model),
        Some(spec) => resolve(spec, spec.name, settings, model),
        None => Err(SelectionError::UnknownProvider(wanted.to_owned())),
    }
}

/// A name that is not in the table means an endpoint of the user's own if it has a base URL.
fn custom_of_own_name(settings: &ModelSettings) -> Option<&'static ProviderSpec> {
    settings.of(&settings.provider)?.base()?;
    find("custom")
}

fn resolve(
    spec: &'static ProviderSpec,
    name: &str,
    settings: &ModelSettings,
    model: &str,
) -> Result<Selection, SelectionError> {
    if spec.wire == Wire::Unsupported {
        return Err(SelectionError::Unsupported(spec));
    }
    let configured = settings.of(name);
    if spec.needs_key() && configured.and_then(ProviderSettings::key).is_none() {
        return Err(SelectionError::MissingKey(spec));
    }
    let base = configured.and_then(ProviderSettings::base).or(spec.base);
    let base = base.ok_or(SelectionError::MissingBase(spec))?;
    let (name, model) = (name.to_owned(), spec.model_name(model).to_owned());
    Ok(Selection { spec, name, base: complete_base(spec, base), model })
}

fn automatic(
    settings: &ModelSettings,
    model: &str,
) -> Result<&'static ProviderSpec, SelectionError> {
    let by_name = || by_prefix(model).filter(|spec| is_usable(spec, settings));
    let by_keyword = || by_keywords(model).find(|spec| is_usable(spec, settings));
    by_name()
        .or_else(by_keyword)
        .or_else(|| local_with_base(settings))
        .or_else(|| first_with_key(settings))
        .ok_or_else(|| missing(model))
}

/// What to ask for when nothing fits: the key of the provider that the model's name points to.
fn missing(model: &str) -> SelectionError {
    match by_prefix(model).or_else(|| by_keywords(model).next()) {
        Some(spec) => SelectionError::MissingKey(spec),
        None => SelectionError::NoProvider(model.to_owned()),
    }
}

fn by_prefix(model: &str) -> Option<&'static ProviderSpec> {
    let (prefix, _) = model.split_once('/')?;
    PROVIDERS.iter().find(|spec| same_name(spec.name, prefix))
}

fn by_keywords(model: &str) -> impl Iterator<Item = &'static ProviderSpec> {
    let model = model.to_lowercase().replace('_', "-");
    PROVIDERS.iter().filter(move |spec| spec.keywords.iter().any(|word| model.contains(word)))
}

fn is_usable(spec: &ProviderSpec, settings: &ModelSettings) -> bool {
    let configured = settings.of(spec.name);
    let has_base = configured.is_some_and(|configured| configured.base().is_some());
    match spec.placement {
        // Named, but not spoken yet: to say so is better than to take another one silently.
        _ if spec.wire == Wire::Unsupported => true,
        Placement::Gateway | Placement::Cloud => configured.is_some_and(|one| one.key().is_some()),
        Placement::Local => has_base || spec.base.is_some(),
        Placement::Custom => has_base,
    }
}

fn local_with_base(settings: &ModelSettings) -> Option<&'static ProviderSpec> {
    let base = |spec: &ProviderSpec| settings.of(spec.name).and_then(ProviderSettings::base);
    let local = || PROVIDERS.iter().filter(|spec| spec.placement == Placement::Local);
    let hinted = local().find(|spec| match (spec.base_hint, base(spec)) {
        (Some(hint), Some(base)) => base.contains(hint),
        _ => false,
    });
    hinted.or_else(|| local().find(|spec| base(spec).is_some()))
}

fn first_with_key(settings: &ModelSettings) -> Option<&'static ProviderSpec> {
    let takes_any_name = |spec: &&ProviderSpec| matches!(spec.wire, Wire::OpenAi | Wire::Gemini);
    let spoken = PROVIDERS.iter().filter(takes_any_name);
    let mut others = spoken.filter(|spec| spec.placement != Placement::Local);
    others.find(|spec| is_usable(spec, settings))
}

/// Removes the slash at the end and adds the usual path where only a host was given.
fn complete_base(spec: &ProviderSpec, base: &str) -> String {
    let base = base.trim_end_matches('/');
    let after_scheme = base.split_once("://").map_or(base, |(_, rest)| rest);
    let path = spec.usual_path.filter(|_| !after_scheme.contains('/')).unwrap_or_default();
    format!("{base}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Providers as `name`, `name=key` or `name@base`.
    fn settings(providers: &[&str]) -> ModelSettings {
        let mut settings = ModelSettings::default();
        for provider in providers {
            let mut one = ProviderSettings::default();
            let name = if let Some((name, base)) = provider.split_once('@') {
                one.api_base = Some(base.to_owned());
                name
            } else {
                let (name, key) = provider.split_once('=').unwrap_or((provider, ""));
                one.api_key = Some(key.to_owned().into());
                name
            };
            settings.providers.insert(name.to_owned(), one);
        }
        settings
    }

    #[track_caller]
    fn check(providers: &[&str], model: &str, expected: &str, base: &str) {
        let selection = select(&settings(providers), model).expect("a provider is configured");
        assert_eq!((selection.spec.name, selection.base.as_str()), (expected, base));
    }

    #[test]
    fn the_first_rule_that_fits_chooses_the_provider() {
        const ROUTER: &str = "https://openrouter.ai/api/v1";
        check(
            &["openrouter=k", "deepseek=k"],
            "deepseek/deepseek-chat",
            "deepseek",
            "https://api.deepseek.com",
        );
        check(
            &["openrouter=k", "anthropic=k"],
            "claude-opus-4-5",
            "anthropic",
            "https://api.anthropic.com/v1",
        );
        check(&["openrouter=k", "anthropic="], "anthropic/claude-opus-4-5", "openrouter", ROUTER);
        check(&["vllm@http://gpu:9000/v1", "openrouter=k"], "llama", "vllm", "http://gpu:9000/v1");
        check(
            &["vllm@http://gpu:9000/v1", "ollama@http://localhost:11434/"],
            "llama3.2",
            "ollama",
            "http://localhost:11434/v1",
        );
        check(&["groq=k", "openrouter=k"], "some-model", "openrouter", ROUTER);
        check(&[], "ollama/llama3.2", "ollama", "http://localhost:11434/v1");
        check(&["custom@http://host:1/api/"], "some-model", "custom", "http://host:1/api");
        check(&["xiaomi_mimo=k"], "mimo-v2", "xiaomiMimo", "https://api.xiaomimimo.com/v1");
    }

    #[test]
    fn an_explicit_provider_is_taken_as_it_is() {
        let mut settings = settings(&["openai=k", "groq=k"]);
        settings.provider = "groq".to_owned();
        let selection = select(&settings, "openai/gpt-oss-120b").expect("groq has a key");
        assert_eq!(
            (selection.spec.name, selection.model.as_str()),
            ("groq", "openai/gpt-oss-120b")
        );
    }

    #[test]
    fn an_endpoint_of_the_users_own_may_have_any_name() {
        let mut settings = settings(&["my-llm@http://host:1/v1"]);
        settings.provider = "my-llm".to_owned();
        let selection = select(&settings, "m").expect("the endpoint has a base URL");
        assert_eq!((selection.spec.name, selection.name.as_str()), ("custom", "my-llm"));
        assert_eq!(selection.base, "http://host:1/v1");
    }

    #[test]
    fn what_is_missing_is_named() {
        #[track_caller]
        fn check(provider: &str, providers: &[&str], model: &str, expected: &str) {
            let mut settings = settings(providers);
            settings.provider = provider.to_owned();
            let error = select(&settings, model).expect_err("something is missing");
            assert_eq!(error.to_string(), expected);
        }
        check("auto", &[], "anthropic/claude-opus-4-5", "`providers.anthropic.apiKey` is not set");
        check("auto", &[], "some-model", "no provider is configured for model `some-model`");
        check("openai", &["openai= "], "gpt-5", "`providers.openai.apiKey` is not set");
        check("custom", &["custom=k"], "m", "`providers.custom.apiBase` is not set");
        check("nobody", &[], "m", "provider `nobody` is not known");
        check("azure_openai", &[], "m", "provider `azureOpenai` is not supported yet");
        check(
            "auto",
            &["openrouter=k"],
            "github-copilot/gpt-5",
            "provider `githubCopilot` is not supported yet",
        );
    }
}
