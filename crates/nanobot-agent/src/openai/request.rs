//! The body of a request.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::provider::{ModelRequest, Placement, ProviderError, Selection};
use crate::settings::ModelSettings;
use crate::wire::body_of;

use super::messages::{Returns, WireMessage, WireTool, mark_for_cache, messages};

/// Models that refuse any temperature but their own.
const WITHOUT_TEMPERATURE: [&str; 4] = ["gpt-5", "o1", "o3", "o4"];
/// Fields that the configuration cannot replace, because the answer is read accordingly.
const OUR_FIELDS: [&str; 3] = ["messages", "stream", "tools"];
/// Models that demand a temperature of one.
const WITH_TEMPERATURE_ONE: [&str; 1] = ["kimi-k2."];
/// Providers whose thinking models refuse a round of tools without the reasoning that led to it;
/// others refuse the field.
const WANT_REASONING_BACK: [&str; 3] = ["deepseek", "moonshot", "xiaomiMimo"];

/// The part of the body that is the same for each request.
pub(super) struct Parameters {
    fields: Map<String, Value>,
    returns: Returns,
    /// Whether messages are marked for a cache that wants marks.
    marks_cache: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
}

impl Parameters {
    pub(super) fn new(
        selection: &Selection,
        settings: &ModelSettings,
        extra: &Map<String, Value>,
    ) -> Self {
        let mut fields = Map::new();
        fields.insert("model".to_owned(), json!(selection.model));
        fields.insert("stream".to_owned(), json!(true));
        fields.insert("stream_options".to_owned(), json!({"include_usage": true}));
        fields.insert(selection.spec.limit_field.to_owned(), json!(settings.max_tokens));
        if let Some(temperature) = temperature(&selection.model, settings) {
            fields.insert("temperature".to_owned(), json!(temperature));
        }
        if let Some(effort) =
            settings.reasoning_effort.as_deref().filter(|effort| !effort.is_empty())
        {
            fields.insert("reasoning_effort".to_owned(), json!(effort));
        }
        for (name, value) in extra.iter().filter(|(name, _)| !OUR_FIELDS.contains(&name.as_str())) {
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        let spec = selection.spec;
        let passes_on = matches!(spec.placement, Placement::Gateway | Placement::Custom);
        let returns = Returns {
            reasoning: WANT_REASONING_BACK.contains(&spec.name),
            extra: passes_on || spec.name == "gemini",
        };
        // Other models of this gateway are cached without marks, and other gateways refuse them.
        let model = selection.model.to_lowercase();
        let marks_cache = spec.name == "openrouter" && model.contains("claude");
        Self { fields, returns, marks_cache }
    }

    /// The whole body of one request.
    pub(super) fn body(&self, request: ModelRequest<'_>) -> Result<Vec<u8>, ProviderError> {
        let mut messages = messages(request, self.returns);
        if self.marks_cache {
            mark_for_cache(&mut messages);
        }
        let tools = request.tools.iter().map(WireTool::from).collect();
        let body = Body { fields: &self.fields, messages, tools };
        body_of(&body)
    }
}

fn temperature(model: &str, settings: &ModelSettings) -> Option<f64> {
    let model = model.rsplit('/').next().unwrap_or(model).to_lowercase();
    let is_one_of = |names: &[&str]| names.iter().any(|name| model.starts_with(name));
    if settings.reasoning_effort.is_some() || is_one_of(&WITHOUT_TEMPERATURE) {
        return None;
    }
    Some(if is_one_of(&WITH_TEMPERATURE_ONE) { 1.0 } else { settings.temperature })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::find;

    fn parameters(provider: &str, model: &str, settings: &ModelSettings) -> Value {
        let spec = find(provider).expect("the provider is in the table");
        let selection = Selection {
            spec,
            name: provider.to_owned(),
            base: String::new(),
            model: model.to_owned(),
        };
        let extra = json!({"stream": false, "top_k": 5, "stream_options": null});
        let extra = extra.as_object().expect("the value is an object");
        Value::Object(Parameters::new(&selection, settings, extra).fields)
    }

    #[test]
    fn parameters_follow_the_quirks_of_models() {
        let mut settings =
            ModelSettings { temperature: 0.5, max_tokens: 10, ..ModelSettings::default() };
        let plain = parameters("deepseek", "deepseek-chat", &settings);
        assert_eq!((&plain["max_tokens"], &plain["temperature"]), (&json!(10), &json!(0.5)));
        assert_eq!((&plain["top_k"], &plain["stream"]), (&json!(5), &json!(true)));
        assert_eq!(plain.get("stream_options"), None, "null takes a field away");
        let thinking = parameters("openai", "gpt-5-mini", &settings);
        assert_eq!(thinking["max_completion_tokens"], 10);
        assert_eq!((thinking.get("max_tokens"), thinking.get("temperature")), (None, None));
        assert_eq!(parameters("moonshot", "kimi-k2.5", &settings)["temperature"], 1.0);
        settings.reasoning_effort = Some("low".to_owned());
        let effort = parameters("openrouter", "vendor/model", &settings);
        assert_eq!((&effort["reasoning_effort"], effort.get("temperature")), (&json!("low"), None));
    }
}
