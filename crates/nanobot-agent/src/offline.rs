//! A model that needs no network: for the first minute without a configuration, for demos and for
//! tests.
//!
//! It answers when no model is configured, or when `agents.defaults.model` is `offline`. Its first
//! answer in a session says what it is and how to configure a real model; each answer repeats what
//! the person wrote.
//!
//! A script makes it say something else. It is named by the environment variable
//! `NANOBOT_OFFLINE_SCRIPT`, or in the model's name as in `offline:/path/script.json`. A script is
//! a JSON list of rules; the first one that matches answers, and when none does, the text is
//! repeated as without a script:
//!
//! ```json
//! [
//!   { "match": "weather", "reply": "Sunny, as always." },
//!   { "match": "tell * joke", "pieces": ["Knock ", "knock."], "delay_ms": 50 },
//!   { "match": "*", "reply": "You said: {text}" }
//! ]
//! ```
//!
//! | field | means |
//! |---|---|
//! | `match` | text that must occur in the message; with a `*` in it, a pattern for the whole message, in which each `*` stands for any text. Case does not matter |
//! | `reply` | the answer; `{text}` stands for the message |
//! | `pieces` | the pieces in which the answer is streamed, instead of word by word; with `reply` beside it they must be the same text |
//! | `delay_ms` | wait before each piece, 0 unless given |

mod script;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;

use crate::message::Role;
use crate::notice::OFFLINE_HINT;
use crate::provider::{Completion, Delta, ModelProvider, ModelRequest, ProviderError};

pub use script::{Script, ScriptError};

/// Environment variable with the path of a script.
pub const SCRIPT_VARIABLE: &str = "NANOBOT_OFFLINE_SCRIPT";

/// Part of a message that is repeated.
const MAX_ECHO_CHARS: usize = 2_000;

/// The offline model.
#[derive(Debug, Clone, Default)]
pub struct OfflineModel {
    script: Option<Script>,
}

impl OfflineModel {
    /// An offline model that follows a script.
    ///
    /// # Errors
    ///
    /// Returns which file and which field cannot be used.
    pub fn scripted(path: &Path) -> Result<Self, ScriptError> {
        Ok(Self { script: Some(Script::read(path)?) })
    }
}

#[async_trait]
impl ModelProvider for OfflineModel {
    async fn stream(
        &self,
        request: ModelRequest<'_>,
        sink: &mut (dyn for<'a> FnMut(Delta<'a>) + Send),
    ) -> Result<Completion, ProviderError> {
        let scripted = self.script.as_ref().and_then(|script| script.answer(request.text));
        if let Some(answer) = scripted {
            for piece in &answer.pieces {
                if !answer.delay.is_zero() {
                    tokio::time::sleep(answer.delay).await;
                }
                sink(Delta::Text(piece));
            }
            return Ok(Completion::default());
        }
        let is_first = self.script.is_none()
            && !request.history.iter().any(|past| past.role == Role::Assistant);
        for piece in echo(request.text, is_first).split_inclusive(' ') {
            sink(Delta::Text(piece));
        }
        Ok(Completion::default())
    }
}

/// What the offline model says, and how fast.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ScriptedAnswer {
    pub(crate) pieces: Vec<String>,
    pub(crate) delay: Duration,
}

fn echo(text: &str, is_first: bool) -> String {
    let end = text.char_indices().nth(MAX_ECHO_CHARS).map_or(text.len(), |(end, _)| end);
    let more = if end < text.len() { " …" } else { "" };
    let quote: Vec<String> = text[..end].lines().map(|line| format!("> {line}")).collect();
    let quote = quote.join("\n");
    if is_first {
        return format!(
            "Hello! I am the **offline model** of nanobot: no language model is configured, so \
                all I can do is repeat what you write. For real answers, {OFFLINE_HINT}.\n\nYou \
                wrote:\n\n{quote}{more}"
        );
    }
    format!("You wrote (I am still the offline model):\n\n{quote}{more}")
}
