//! All providers that a configuration can name.
//!
//! What is known about them stands in the [table](PROVIDERS).

mod table;

pub use table::PROVIDERS;

/// What is known about a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderSpec {
    /// Key below `providers` in the configuration.
    pub name: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// Words in a model's name that point to this provider.
    pub keywords: &'static [&'static str],
    /// Base URL when none is configured.
    pub base: Option<&'static str>,
    /// Part of a configured base URL that gives a local server away.
    pub base_hint: Option<&'static str>,
    /// Where it runs.
    pub placement: Placement,
    /// How it is talked to.
    pub wire: Wire,
    /// How the configured model name is sent.
    pub model_name: ModelName,
    /// Field that limits the length of the answer.
    pub limit_field: &'static str,
    /// Path of a base URL that was configured without any.
    pub usual_path: Option<&'static str>,
}

/// Where a provider runs, and so what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Offers models of others; needs a key.
    Gateway,
    /// Offers its own models; needs a key.
    Cloud,
    /// Runs near the user; needs no key.
    Local,
    /// Any endpoint; needs a base URL, and a key only if the endpoint does.
    Custom,
}

/// How a provider is talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// OpenAI Chat Completions.
    OpenAi,
    /// Messages of Anthropic.
    Anthropic,
    /// Generated content of Gemini.
    Gemini,
    /// Not spoken yet.
    Unsupported,
}

/// How the configured model name is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelName {
    /// Without the provider's own name before the first slash.
    WithoutOwnPrefix,
    /// As it is, since such names are the provider's own (`anthropic/claude-…` at OpenRouter).
    Whole,
    /// Only what follows the last slash.
    LastPart,
}

/// Finds a provider by its name, however it is written (`azureOpenai`, `azure_openai`,
/// `azure-openai`).
#[must_use]
pub fn find(name: &str) -> Option<&'static ProviderSpec> {
    PROVIDERS.iter().find(|spec| same_name(spec.name, name))
}

/// Whether two spellings mean the same provider.
pub(crate) fn same_name(left: &str, right: &str) -> bool {
    letters(left).eq(letters(right))
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|letter| !matches!(letter, '-' | '_'))
        .map(|letter| letter.to_ascii_lowercase())
}

impl ProviderSpec {
    /// Whether it answers only with a key.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        matches!(self.placement, Placement::Gateway | Placement::Cloud)
    }

    /// Model name as this provider knows it.
    #[must_use]
    pub fn model_name<'a>(&self, configured: &'a str) -> &'a str {
        match self.model_name {
            ModelName::LastPart => configured.rsplit('/').next().unwrap_or(configured),
            ModelName::WithoutOwnPrefix => self.without_own_prefix(configured),
            // `openrouter/auto` is a name of its own, `openrouter/vendor/model` is not.
            ModelName::Whole => Some(self.without_own_prefix(configured))
                .filter(|name| name.contains('/'))
                .unwrap_or(configured),
        }
    }

    fn without_own_prefix<'a>(&self, configured: &'a str) -> &'a str {
        match configured.split_once('/') {
            Some((prefix, name)) if same_name(prefix, self.name) => name,
            _ => configured,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_found_in_each_spelling() {
        for (spelling, name) in [
            ("azure_openai", "azureOpenai"),
            ("AZURE-OPENAI", "azureOpenai"),
            ("xiaomi_mimo", "xiaomiMimo"),
            ("volcengine_coding_plan", "volcengineCodingPlan"),
            ("github-copilot", "githubCopilot"),
        ] {
            assert_eq!(find(spelling).map(|spec| spec.name), Some(name), "{spelling}");
        }
        assert_eq!(find("nobody"), None);
    }

    #[test]
    fn model_names_are_sent_as_the_provider_knows_them() {
        for (provider, configured, sent) in [
            ("openrouter", "anthropic/claude-opus-4-5", "anthropic/claude-opus-4-5"),
            ("openrouter", "openrouter/anthropic/claude-opus-4-5", "anthropic/claude-opus-4-5"),
            ("openrouter", "openrouter/auto", "openrouter/auto"),
            ("anthropic", "anthropic/claude-opus-4-5", "claude-opus-4-5"),
            ("anthropic", "claude-opus-4-5", "claude-opus-4-5"),
            ("aihubmix", "anthropic/claude-opus-4-5", "claude-opus-4-5"),
            ("siliconflow", "Qwen/Qwen3-32B", "Qwen/Qwen3-32B"),
            ("groq", "groq/openai/gpt-oss-120b", "openai/gpt-oss-120b"),
            ("ollama", "ollama/llama3.2", "llama3.2"),
            ("custom", "vendor/model", "vendor/model"),
        ] {
            let spec = find(provider).expect("the provider is in the table");
            assert_eq!(spec.model_name(configured), sent, "{provider} {configured}");
        }
    }

    #[test]
    fn each_spoken_cloud_provider_has_a_base_url() {
        for spec in
            PROVIDERS.iter().filter(|spec| spec.wire != Wire::Unsupported && spec.needs_key())
        {
            assert!(spec.base.is_some_and(|base| base.starts_with("https://")), "{}", spec.name);
        }
    }
}
