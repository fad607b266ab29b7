//! How much is thought before an answer, and how long both may be together.

use serde_json::{Map, Value, json};

use crate::settings::ModelSettings;

use super::versions::thinks_by_effort;

/// Room for the answer beside the thoughts.
const ANSWER_TOKENS: u32 = 4_096;

/// Adds the fields that say so, and the temperature that goes with them.
pub(super) fn put(fields: &mut Map<String, Value>, model: &str, settings: &ModelSettings) {
    let has_effort = thinks_by_effort(model);
    let thinking = if has_effort { adaptive(settings) } else { thinking(settings) };
    let budget = thinking.as_ref().and_then(|thinking| thinking["budget_tokens"].as_u64());
    let budget = budget.and_then(|budget| u32::try_from(budget).ok()).unwrap_or_default();
    // The thoughts count as part of the answer.
    let max_tokens =
        settings.max_tokens.max(if budget > 0 { budget.saturating_add(ANSWER_TOKENS) } else { 0 });
    fields.insert("max_tokens".to_owned(), json!(max_tokens));
    match &thinking {
        // No temperature goes together with thinking.
        Some(thinking) => fields.insert("thinking".to_owned(), thinking.clone()),
        None if has_effort => None,
        None => fields.insert("temperature".to_owned(), json!(settings.temperature.min(1.0))),
    };
    if let Some(effort) = effort(settings).filter(|_| has_effort) {
        fields.insert("output_config".to_owned(), json!({"effort": effort}));
    }
}

/// Thinking as much as the effort says. Without one the field stays out, which each of these models
/// takes.
fn adaptive(settings: &ModelSettings) -> Option<Value> {
    let effort = settings.reasoning_effort.as_deref()?;
    (!["", "none", "off"].contains(&effort)).then(|| json!({"type": "adaptive"}))
}

/// See [Claude API/Effort](https://platform.claude.com/docs/en/build-with-claude/effort).
fn effort(settings: &ModelSettings) -> Option<&str> {
    match settings.reasoning_effort.as_deref()? {
        "none" | "off" | "minimal" => Some("low"),
        known @ ("low" | "medium" | "high" | "xhigh" | "max") => Some(known),
        _ => None,
    }
}

/// How hard to think: with a budget, or as the model likes.
fn thinking(settings: &ModelSettings) -> Option<Value> {
    let budget = match settings.reasoning_effort.as_deref()? {
        "" | "none" | "off" => return None,
        "adaptive" => return Some(json!({"type": "adaptive"})),
        "low" | "minimal" => 1_024,
        "medium" => 4_096,
        _ => settings.max_tokens.max(8_192),
    };
    Some(json!({"type": "enabled", "budget_tokens": budget}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(model: &str, settings: &ModelSettings) -> Map<String, Value> {
        let mut fields = Map::new();
        put(&mut fields, model, settings);
        fields
    }

    #[test]
    fn thinking_takes_the_place_of_the_temperature() {
        #[track_caller]
        fn check(effort: Option<&str>, thinking: &Value, max_tokens: u32) {
            let settings = ModelSettings {
                reasoning_effort: effort.map(str::to_owned),
                max_tokens: 1_000,
                ..ModelSettings::default()
            };
            let fields = fields("claude-opus-4-5", &settings);
            assert_eq!(fields.get("thinking").unwrap_or(&Value::Null), thinking);
            assert_eq!(fields.contains_key("temperature"), thinking.is_null());
            assert_eq!(fields["max_tokens"], max_tokens);
        }
        check(None, &Value::Null, 1_000);
        check(Some("adaptive"), &json!({"type": "adaptive"}), 1_000);
        check(Some("low"), &json!({"type": "enabled", "budget_tokens": 1_024}), 5_120);
        check(Some("high"), &json!({"type": "enabled", "budget_tokens": 8_192}), 12_288);
        let most = ModelSettings {
            reasoning_effort: Some("high".to_owned()),
            max_tokens: u32::MAX,
            ..ModelSettings::default()
        };
        assert_eq!(fields("claude-opus-4-5", &most)["max_tokens"], u32::MAX);
    }

    #[test]
    fn newer_models_are_told_an_effort_instead() {
        #[track_caller]
        fn check(effort: Option<&str>, expected: &Value) {
            let settings = ModelSettings {
                reasoning_effort: effort.map(str::to_owned),
                max_tokens: 1_000,
                ..ModelSettings::default()
            };
            let fields = fields("claude-opus-4-7", &settings);
            assert_eq!(Value::Object(fields), *expected);
        }
        let plain = json!({"max_tokens": 1_000});
        check(None, &plain);
        let with = |thinking: &Value, effort: &Value| {
            let mut body = plain.clone();
            for (name, value) in [("thinking", thinking), ("output_config", effort)] {
                if !value.is_null() {
                    body[name] = value.clone();
                }
            }
            body
        };
        let adaptive = json!({"type": "adaptive"});
        check(Some("high"), &with(&adaptive, &json!({"effort": "high"})));
        check(Some("adaptive"), &with(&adaptive, &Value::Null));
        check(Some("off"), &with(&Value::Null, &json!({"effort": "low"})));
    }
}
