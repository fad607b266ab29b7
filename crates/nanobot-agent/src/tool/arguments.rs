//! What a model passes to a tool.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::ToolError;

/// The arguments of one call.
///
/// Models write numbers and booleans as texts now and then; such values are taken for what they
/// mean.
#[derive(Debug, Clone, Default)]
pub struct Arguments(Map<String, Value>);

impl From<Map<String, Value>> for Arguments {
    fn from(values: Map<String, Value>) -> Self {
        Self(values)
    }
}

impl Arguments {
    /// All values.
    #[must_use]
    pub fn values(&self) -> &Map<String, Value> {
        &self.0
    }

    /// A text that must be there.
    ///
    /// # Errors
    ///
    /// Returns which argument is missing.
    pub fn text(&self, name: &str) -> Result<&str, ToolError> {
        self.optional_text(name)
            .ok_or_else(|| ToolError::new(format!("the argument `{name}` must be given as text")))
    }

    /// A text that may be missing.
    #[must_use]
    pub fn optional_text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A whole number that may be missing.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.0.get(name)? {
            Value::Number(number) => {
                number.as_u64().or_else(|| number.as_f64().map(|number| number as u64))
            }
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A yes or no; no if it is missing.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// Texts of a list; one text counts as a list of one.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) if !text.is_empty() => vec![text],
            _ => Vec::new(),
        }
    }

    /// Checks that what a schema demands is there.
    pub(crate) fn check(&self, schema: &Value) -> Result<(), ToolError> {
        let required = schema["required"].as_array().into_iter().flatten();
        let mut missing = String::new();
        for name in required.filter_map(Value::as_str) {
            if self.0.get(name).is_none_or(Value::is_null) {
                write!(missing, " `{name}`").expect("writing to a string does not fail");
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(ToolError::new(format!("these arguments are missing:{missing}")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_taken_for_what_they_mean() {
        let values =
            json!({"n": "5", "f": 2.0, "yes": "True", "no": "x", "one": "a", "two": ["a", 1, "b"]});
        let arguments = Arguments(values.as_object().expect("an object").clone());
        assert_eq!((arguments.number("n"), arguments.number("f")), (Some(5), Some(2)));
        assert_eq!((arguments.flag("yes"), arguments.flag("no")), (true, false));
        assert_eq!((arguments.texts("one"), arguments.texts("two")), (vec!["a"], vec!["a", "b"]));
        assert!(arguments.text("n").is_ok());
        assert!(arguments.text("f").is_err());
    }

    #[test]
    fn missing_arguments_are_named() {
        let schema = json!({"required": ["a", "b", "c"]});
        let values = json!({"a": 1, "b": null});
        let arguments = Arguments(values.as_object().expect("an object").clone());
        let error = arguments.check(&schema).expect_err("two are missing");
        assert_eq!(error.to_string(), "these arguments are missing: `b` `c`");
    }
}
