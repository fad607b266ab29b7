//! A model's wish to run a tool.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// One call of a tool, in the shape of the OpenAI protocol and of a session file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Connects the call with its result.
    #[serde(default)]
    pub id: String,
    /// Always `function`.
    #[serde(rename = "type", default = "function_kind")]
    pub kind: String,
    /// What to run.
    pub function: FunctionCall,
    /// What a provider wants back unchanged, such as the signature of a thought.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Name and arguments of a [`ToolCall`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionCall {
    /// Name of the tool.
    #[serde(default)]
    pub name: String,
    /// Arguments as the text of a JSON object; models do not always write a valid one.
    #[serde(default, deserialize_with = "text_or_object")]
    pub arguments: String,
}

impl ToolCall {
    /// A call of a tool.
    #[must_use]
    pub fn new(id: &str, name: &str, arguments: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: function_kind(),
            function: FunctionCall { name: name.to_owned(), arguments: arguments.to_owned() },
            extra: Map::new(),
        }
    }

    /// The arguments, unless they are not a JSON object. No arguments at all are an empty one.
    ///
    /// # Errors
    ///
    /// Returns what is wrong, for the model.
    pub fn arguments(&self) -> Result<Map<String, Value>, String> {
        let text = self.function.arguments.trim();
        if text.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(arguments)) => Ok(arguments),
            Ok(Value::Null) => Ok(Map::new()),
            Ok(_) => Err("the arguments are not a JSON object".to_owned()),
            Err(error) => Err(format!("the arguments are not valid JSON: {error}")),
        }
    }
}

fn function_kind() -> String {
    "function".to_owned()
}

/// Some servers send the arguments as an object instead of its text.
pub(crate) fn text_or_object<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(source)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_must_be_an_object() {
        let read = |text: &str| ToolCall::new("1", "t", text).arguments();
        assert!(read("").is_ok_and(|arguments| arguments.is_empty()));
        assert!(read("null").is_ok_and(|arguments| arguments.is_empty()));
        assert!(read(r#"{"a":1}"#).is_ok_and(|arguments| arguments["a"] == 1));
        assert!(read("[1]").is_err());
        assert!(read(r#"{"a":"#).is_err_and(|error| error.contains("not valid JSON")));
    }

    #[test]
    fn a_call_of_a_session_file_is_read_and_written_without_loss() {
        let line = r#"{"id":"c1","type":"function","function":{"name":"glob","arguments":"{}"},"extra_content":{"k":1}}"#;
        let call: ToolCall = serde_json::from_str(line).expect("the call is valid");
        assert_eq!(serde_json::to_string(&call).expect("a call is JSON"), line);
        let object = r#"{"function":{"name":"glob","arguments":{"pattern":"*"}}}"#;
        let call: ToolCall = serde_json::from_str(object).expect("the call is valid");
        assert_eq!(call.function.arguments, r#"{"pattern":"*"}"#);
    }
}
