use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

/// How long anything may take; the protocol's own times are longer only for deliveries.
const PATIENCE: Duration = Duration::from_secs(15);
/// A chat that no platform has.
const CHAT: &str = "conformance";

/// The plugin that is tested.
#[derive(Debug, Clone)]
pub struct Subject {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) section: Map<String, Value>,
    pub(crate) chat: String,
    pub(crate) patience: Duration,
}

impl Subject {
    /// The program of a plugin, and the key of its section in the config.
    #[must_use]
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        // It runs in a folder of its own, so `./plugin` must not stay relative.
        let program = if program.components().count() > 1 {
            std::path::absolute(&program).unwrap_or(program)
        } else {
            program
        };
        Self {
            name: name.into(),
            program,
            args: Vec::new(),
            env: BTreeMap::new(),
            section: Map::new(),
            chat: CHAT.to_owned(),
            patience: PATIENCE,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with_arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds a variable to the environment, which is cleared otherwise.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Sets keys of the section; the others are as the plugin's default config has them.
    ///
    /// # Panics
    ///
    /// Panics if this is no JSON object.
    #[must_use]
    pub fn with_section(mut self, section: Value) -> Self {
        let Value::Object(section) = section else { panic!("a section is a JSON object") };
        self.section.extend(section);
        self
    }

    /// Chooses the chat that the test messages are for; `conformance` if it is not called. A channel
    /// that delivers to known chats only needs a real one, where the messages then appear.
    #[must_use]
    pub fn with_chat(mut self, chat: impl Into<String>) -> Self {
        self.chat = chat.into();
        self
    }

    /// Chooses how long one answer, or the end of the process, may take; 15 seconds if it is not
    /// called.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}
