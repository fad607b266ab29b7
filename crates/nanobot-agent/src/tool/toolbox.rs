//! The tools of an agent, and the running of one call.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use crate::provider::ToolSpec;
use crate::tool_call::ToolCall;

use super::{Arguments, Tool, ToolContext, bounded};

/// Part of invalid arguments that is repeated to the model.
const MAX_EXCERPT_CHARS: usize = 200;

/// The tools that can be used in one turn.
#[derive(Clone, Default)]
pub(crate) struct Toolbox(Vec<Entry>);

/// A tool with its description, which is made once and shared by all turns.
#[derive(Clone)]
struct Entry {
    spec: Arc<ToolSpec>,
    chars: usize,
    tool: Arc<dyn Tool>,
}

/// What came of a call.
pub(crate) struct Ran {
    pub(crate) result: String,
    /// Whether there was a tool that could be asked at all.
    pub(crate) was_understood: bool,
}

impl Toolbox {
    /// Adds a tool; one of the same name gives way.
    pub(crate) fn add(&mut self, tool: Arc<dyn Tool>) {
        let spec = tool.spec();
        self.0.retain(|known| known.spec.name != spec.name);
        let chars = spec.name.len() + spec.description.len() + spec.parameters.to_string().len();
        self.0.push(Entry { spec: Arc::new(spec), chars, tool });
    }

    /// Those that can be used in this turn.
    pub(crate) fn offered(&self, cx: &ToolContext<'_>) -> Self {
        Self(self.0.iter().filter(|entry| entry.tool.is_offered(cx)).cloned().collect())
    }

    pub(crate) fn specs(&self) -> Vec<Arc<ToolSpec>> {
        self.0.iter().map(|entry| Arc::clone(&entry.spec)).collect()
    }

    /// What the descriptions cost together.
    pub(crate) fn chars(&self) -> usize {
        self.0.iter().map(|entry| entry.chars).sum()
    }

    /// Whether a call may run beside others.
    pub(crate) fn is_read_only(&self, call: &ToolCall) -> bool {
        self.find(call).is_some_and(|entry| entry.tool.is_read_only())
    }

    /// Runs a call. Whatever goes wrong becomes a text for the model.
    pub(crate) async fn run(&self, call: &ToolCall, cx: &ToolContext<'_>) -> Ran {
        let Some(Entry { spec, tool, .. }) = self.find(call) else {
            return Ran { result: self.unknown(call), was_understood: false };
        };
        let arguments = match call.arguments() {
            Ok(arguments) => Arguments::from(arguments),
            Err(wrong) => {
                return Ran { result: malformed(call, &wrong), was_understood: false };
            }
        };
        if let Err(error) = arguments.check(&spec.parameters) {
            return Ran { result: format!("Error: {error}."), was_understood: false };
        }
        let result = AssertUnwindSafe(tool.call(&arguments, cx)).catch_unwind().await;
        let result = match result {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => format!("Error: {error}"),
            Err(_) => {
                tracing::error!(tool = spec.name, "A tool panicked.");
                "Error: the tool broke down. Try another way.".to_owned()
            }
        };
        Ran { result: bounded(result, cx.max_result_chars), was_understood: true }
    }

    fn find(&self, call: &ToolCall) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.spec.name == call.function.name)
    }

    fn unknown(&self, call: &ToolCall) -> String {
        let names: Vec<&str> = self.0.iter().map(|entry| entry.spec.name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let name = bounded(call.function.name.clone(), MAX_EXCERPT_CHARS);
        format!("Error: there is no tool `{name}`. There are: {names}.")
    }
}

fn malformed(call: &ToolCall, wrong: &str) -> String {
    let sent = bounded(call.function.arguments.clone(), MAX_EXCERPT_CHARS);
    format!("Error: {wrong}. Call the tool again with a whole JSON object. You sent: {sent}")
}
