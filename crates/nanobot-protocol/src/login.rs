use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Account, Metadata};

/// Asks the plugin to log in with the help of a person. Needs the plugin's capability `login`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelLogin {
    /// The channel's section of the config, variables resolved.
    pub config: Metadata,
    /// Private folder, kept across restarts.
    pub state_dir: String,
    /// Ignore saved credentials.
    pub force: bool,
}

/// Answer to [`ChannelLogin`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelLoginAnswer {
    /// True if the channel is logged in now.
    pub logged_in: bool,
    /// Who the agent is on the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
}

/// Shows something to the person who logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoginPrompt {
    /// How to show it.
    pub kind: LoginPromptKind,
    /// The text of the code, the address, the code or the line.
    pub data: String,
    /// When it stops working, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
}

/// How a [`LoginPrompt`] is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginPromptKind {
    /// As a QR code.
    Qr,
    /// As an address to open.
    Url,
    /// As a code to type in elsewhere.
    Code,
    /// As a line of text; a reader treats kinds it does not know as this one.
    #[serde(other)]
    Message,
}

/// Asks the person who logs in for a line of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoginInput {
    /// The question.
    pub prompt: String,
    /// Hide what is typed.
    #[serde(default)]
    pub secret: bool,
}

/// Answer to [`LoginInput`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoginInputAnswer {
    /// What was typed.
    pub value: String,
}
