use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the agent answers among several people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupPolicy {
    /// When it is mentioned or answered.
    #[default]
    Mention,
    /// Always.
    Open,
}

/// A setting without the space around it; none if nothing is left.
#[must_use]
pub fn given(setting: Option<&str>) -> Option<&str> {
    setting.map(str::trim).filter(|setting| !setting.is_empty())
}
