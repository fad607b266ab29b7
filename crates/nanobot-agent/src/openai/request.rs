//! The body of a request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::message::Role;
use crate::provider::{ErrorKind, ModelRequest, ProviderError, Selection};
use crate::settings::ModelSettings;

/// Models that refuse any temperature but their own.
const WITHOUT_TEMPERATURE: [&str; 4] = ["gpt-5", "o1", "o3", "o4"];
/// Fields that the configuration cannot replace, because the answer is read accordingly.
const OUR_FIELDS: [&str; 2] = ["messages", "stream"];
/// Models that demand a temperature of one.
const WITH_TEMPERATURE_ONE: [&str; 1] = ["kimi-k2."];

/// The part of the body that is the same for each request.
pub(super) struct Parameters {
    fields: Map<String, Value>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
    messages: Vec<WireMessage<'a>>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct WireMessage<'a> {
    role: Role,
    content: Cow<'a, str>,
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
        Self { fields }
    }

    /// The whole body of one request.
    pub(super) fn body(&self, request: ModelRequest<'_>) -> Result<Vec<u8>, ProviderError> {
        let body = Body { fields: &self.fields, messages: messages(request) };
        serde_json::to_vec(&body).map_err(|error| {
            ProviderError::new(ErrorKind::Rejected, "failed to write the request")
                .with_source(error)
        })
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

/// The messages; those of one role in a row become one, because strict servers demand turns.
fn messages(request: ModelRequest<'_>) -> Vec<WireMessage<'_>> {
    let mut messages: Vec<WireMessage<'_>> = Vec::with_capacity(request.history.len() + 2);
    if !request.system.is_empty() {
        push(&mut messages, Role::System, request.system.into());
    }
    for past in request.history {
        push(&mut messages, past.role, past.content.into());
    }
    push(&mut messages, Role::User, format!("{}{}", request.context, request.text).into());
    messages
}

fn push<'a>(messages: &mut Vec<WireMessage<'a>>, role: Role, content: Cow<'a, str>) {
    match messages.last_mut().filter(|last| last.role == role) {
        Some(last) => {
            let joined = last.content.to_mut();
            joined.push_str("\n\n");
            joined.push_str(&content);
        }
        None => messages.push(WireMessage { role, content }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{PastMessage, find};

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

    #[test]
    fn messages_of_one_role_in_a_row_are_joined() {
        let history = [
            PastMessage { role: Role::User, content: "one" },
            PastMessage { role: Role::Assistant, content: "two" },
            PastMessage { role: Role::User, content: "three" },
        ];
        let request = ModelRequest {
            system: "be kind",
            history: &history,
            context: "[now]\n\n",
            text: "four",
        };
        let expected = [
            (Role::System, "be kind"),
            (Role::User, "one"),
            (Role::Assistant, "two"),
            (Role::User, "three\n\n[now]\n\nfour"),
        ];
        let expected =
            expected.map(|(role, content)| WireMessage { role, content: content.into() });
        assert_eq!(messages(request), expected);
    }
}
