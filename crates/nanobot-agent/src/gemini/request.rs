//! The body of a request.

use serde_json::{Map, Value, json};

use crate::provider::{ModelRequest, ProviderError, Selection, ToolSpec};
use crate::settings::ModelSettings;
use crate::wire::body_of;

use super::contents::contents;
use super::merge;
use super::schema::subset;

/// Fields that the configuration cannot replace, because the answer is read accordingly.
const OUR_FIELDS: [&str; 3] = ["contents", "systemInstruction", "tools"];
/// Room for the answer beside the thoughts.
const ANSWER_TOKENS: u32 = 4_096;
/// Smallest budget of a model that cannot stop thinking.
const SMALLEST_BUDGET: u32 = 128;

/// The part of the body that is the same for each request.
pub(super) struct Parameters {
    fields: Map<String, Value>,
    /// Whether calls without a signature are refused.
    demands_signatures: bool,
}

impl Parameters {
    pub(super) fn new(
        selection: &Selection,
        settings: &ModelSettings,
        extra: &Map<String, Value>,
    ) -> Self {
        let model = selection.model.rsplit('/').next().unwrap_or_default();
        let demands_signatures = generation(model).is_some_and(|generation| generation >= 3);
        let thinking = thinking(model, settings);
        let budget = thinking.as_ref().and_then(|config| config["thinkingBudget"].as_u64());
        let budget = budget.and_then(|budget| u32::try_from(budget).ok()).unwrap_or_default();
        // The thoughts count as part of the answer.
        let room = if budget > 0 { budget.saturating_add(ANSWER_TOKENS) } else { 0 };
        let mut config = Map::new();
        config.insert("maxOutputTokens".to_owned(), json!(settings.max_tokens.max(room)));
        // From the third generation on, another temperature than the model's own makes it repeat
        // itself. See [Gemini 3](https://ai.google.dev/gemini-api/docs/gemini-3#temperature).
        if !demands_signatures {
            config.insert("temperature".to_owned(), json!(settings.temperature));
        }
        if let Some(thinking) = thinking {
            config.insert("thinkingConfig".to_owned(), thinking);
        }
        let mut fields = Map::new();
        fields.insert("generationConfig".to_owned(), Value::Object(config));
        let mut extra = extra.clone();
        extra.retain(|name, _| !OUR_FIELDS.contains(&name.as_str()));
        merge(&mut fields, &extra);
        Self { fields, demands_signatures }
    }

    /// The whole body of one request.
    pub(super) fn body(&self, request: ModelRequest<'_>) -> Result<Vec<u8>, ProviderError> {
        body_of(&self.value(request))
    }

    fn value(&self, request: ModelRequest<'_>) -> Value {
        let mut body = self.fields.clone();
        if !request.system.is_empty() {
            let system = json!({"parts": [{"text": request.system}]});
            body.insert("systemInstruction".to_owned(), system);
        }
        let tools: Vec<Value> = request.tools.iter().map(|spec| declaration(spec)).collect();
        if !tools.is_empty() {
            body.insert("tools".to_owned(), json!([{"functionDeclarations": tools}]));
        }
        let contents = contents(request, self.demands_signatures);
        body.insert("contents".to_owned(), Value::Array(contents));
        Value::Object(body)
    }
}

/// What the model is told about a tool; one without arguments has no schema.
fn declaration(spec: &ToolSpec) -> Value {
    let mut declaration = json!({"name": spec.name, "description": spec.description});
    let has_arguments =
        spec.parameters["properties"].as_object().is_some_and(|properties| !properties.is_empty());
    if has_arguments {
        declaration["parametersJsonSchema"] = subset(&spec.parameters);
    }
    declaration
}

/// How hard to think: by a level since the third generation, by a budget before.
///
/// See [Gemini API/Thinking](https://ai.google.dev/gemini-api/docs/thinking).
fn thinking(model: &str, settings: &ModelSettings) -> Option<Value> {
    let effort = settings.reasoning_effort.as_deref().filter(|effort| !effort.is_empty())?;
    let is_off = ["none", "off"].contains(&effort);
    if generation(model)? >= 3 {
        let level = match effort {
            "none" | "off" | "minimal" | "low" => "low",
            // These models decide by themselves unless they are told a level.
            "adaptive" => return Some(json!({"includeThoughts": true})),
            "medium" => "medium",
            _ => "high",
        };
        return Some(json!({"thinkingLevel": level, "includeThoughts": !is_off}));
    }
    let budget: i64 = match effort {
        "none" | "off" if model.contains("pro") => SMALLEST_BUDGET.into(),
        "none" | "off" => 0,
        // Minus one leaves it to the model.
        "adaptive" => -1,
        "low" | "minimal" => 1_024,
        "medium" => 4_096,
        _ => settings.max_tokens.clamp(8_192, 24_576).into(),
    };
    Some(json!({"thinkingBudget": budget, "includeThoughts": !is_off}))
}

/// The generation of a model that is named by one, such as `gemini-2.5-pro`; those named
/// `latest` are the newest.
fn generation(model: &str) -> Option<u32> {
    let name = model.strip_prefix("gemini-")?;
    if name.ends_with("latest") {
        return Some(u32::MAX);
    }
    name.split(['.', '-']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Role;
    use crate::provider::{Image, PastMessage, find};
    use crate::tool_call::ToolCall;

    fn parameters(model: &str, settings: &ModelSettings, extra: &Value) -> Parameters {
        let selection = Selection {
            spec: find("gemini").expect("the provider is in the table"),
            name: "gemini".to_owned(),
            base: String::new(),
            model: model.to_owned(),
        };
        Parameters::new(&selection, settings, extra.as_object().expect("an object"))
    }

    /// See the examples of [function calling](https://ai.google.dev/gemini-api/docs/function-calling)
    /// and [image understanding](https://ai.google.dev/gemini-api/docs/image-understanding).
    #[test]
    fn requests_have_the_documented_shape() {
        let history =
            [PastMessage::text(Role::User, "hi"), PastMessage::text(Role::Assistant, "hello")];
        let mut signed = ToolCall::new("c1", "glob", r#"{"pattern":"*"}"#);
        super::super::sign(&mut signed, "c2lnbmVk");
        let rounds = [
            PastMessage {
                tool_calls: vec![signed, ToolCall::new("c2", "now", "")],
                ..PastMessage::text(Role::Assistant, "Let me look.")
            },
            PastMessage { tool_call_id: Some("c1"), ..PastMessage::text(Role::Tool, "a.txt") },
            PastMessage { tool_call_id: Some("c2"), ..PastMessage::text(Role::Tool, "Error: no") },
        ];
        let spec = |name: &str, parameters: Value| {
            let (name, description) = (name.to_owned(), "Does it".to_owned());
            std::sync::Arc::new(ToolSpec { name, description, parameters })
        };
        let arguments = json!({"type": "object", "properties": {"pattern": {"type": "string"}}});
        let tools = [
            spec("glob", arguments.clone()),
            spec("now", json!({"type": "object", "properties": {}})),
        ];
        let images = [Image { media_type: "image/png", base64: "AAAA".to_owned() }];
        let request = ModelRequest {
            system: "be kind",
            history: &history,
            context: "[now]\n\n",
            text: "look",
            images: &images,
            rounds: &rounds,
            tools: &tools,
        };
        let expected = json!({
            "systemInstruction": {"parts": [{"text": "be kind"}]},
            "generationConfig": {"maxOutputTokens": 8192, "temperature": 0.1},
            "tools": [{"functionDeclarations": [
                {"name": "glob", "description": "Does it", "parametersJsonSchema": arguments},
                {"name": "now", "description": "Does it"},
            ]}],
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "model", "parts": [{"text": "hello"}]},
                {"role": "user", "parts": [
                    {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                    {"text": "[now]\n\nlook"},
                ]},
                {"role": "model", "parts": [
                    {"text": "Let me look."},
                    {"functionCall": {"id": "c1", "name": "glob", "args": {"pattern": "*"}},
                     "thoughtSignature": "c2lnbmVk"},
                    {"functionCall": {"id": "c2", "name": "now", "args": {}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "c1", "name": "glob", "response": {"output": "a.txt"}}},
                    {"functionResponse": {"id": "c2", "name": "now", "response": {"error": "Error: no"}}},
                ]},
            ],
        });
        let settings = ModelSettings { temperature: 0.1, ..ModelSettings::default() };
        assert_eq!(parameters("gemini-2.5-flash", &settings, &json!({})).value(request), expected);
    }

    #[test]
    fn thinking_and_temperature_follow_the_generation() {
        #[track_caller]
        fn check(model: &str, effort: Option<&str>, expected: &Value) {
            let settings = ModelSettings {
                reasoning_effort: effort.map(str::to_owned),
                temperature: 0.5,
                max_tokens: 1_000,
                ..ModelSettings::default()
            };
            let config = &parameters(model, &settings, &json!({})).fields["generationConfig"];
            assert_eq!(config, expected, "{model} {effort:?}");
        }
        check("gemini-2.0-flash", None, &json!({"maxOutputTokens": 1_000, "temperature": 0.5}));
        check("gemini-3-pro-preview", None, &json!({"maxOutputTokens": 1_000}));
        check("gemini-flash-latest", None, &json!({"maxOutputTokens": 1_000}));
        check(
            "gemma-3-27b-it",
            Some("high"),
            &json!({"maxOutputTokens": 1_000, "temperature": 0.5}),
        );
        let budget = json!({"thinkingBudget": 1_024, "includeThoughts": true});
        check(
            "gemini-2.5-pro",
            Some("low"),
            &json!({"maxOutputTokens": 5_120, "temperature": 0.5, "thinkingConfig": budget}),
        );
        let off = json!({"thinkingBudget": 0, "includeThoughts": false});
        check(
            "gemini-2.5-flash",
            Some("off"),
            &json!({"maxOutputTokens": 1_000, "temperature": 0.5, "thinkingConfig": off}),
        );
        let level = json!({"thinkingLevel": "high", "includeThoughts": true});
        check(
            "gemini-3.1-pro",
            Some("high"),
            &json!({"maxOutputTokens": 1_000, "thinkingConfig": level}),
        );
    }

    #[test]
    fn the_configuration_adds_to_the_generation_and_cannot_replace_what_is_said() {
        let extra = json!({
            "contents": [], "safetySettings": [{"category": "c"}],
            "generationConfig": {"topK": 5, "temperature": null},
        });
        let fields = parameters("gemini-2.5-pro", &ModelSettings::default(), &extra).fields;
        let expected = json!({
            "safetySettings": [{"category": "c"}],
            "generationConfig": {"maxOutputTokens": 8192, "topK": 5},
        });
        assert_eq!(Value::Object(fields), expected);
    }
}
