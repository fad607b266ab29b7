use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

type Source = Box<dyn Error + Send + Sync>;

/// What kind of failure it was, which decides what a program may do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// There is no such file.
    Missing,
    /// The text is not JSON, even with comments and trailing commas allowed.
    Syntax,
    /// A value does not fit its key, or the file as a whole is not usable.
    Invalid,
    /// A `${VAR}` names an environment variable that is not set.
    Variable,
    /// Reading or writing failed.
    Io,
    /// The file on disk is no longer the one that was loaded.
    Changed,
}

/// A place in the file, both numbers counted from 1 and columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A failure to read, understand, change or write the configuration.
///
/// Displayed as `<file>:<line>:<column>: <what is wrong>`. Neither that nor `Debug` contains a secret's value.
#[derive(Debug)]
pub struct ConfigError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ConfigErrorKind,
    file: PathBuf,
    position: Option<Position>,
    message: String,
    hint: Option<String>,
    source: Option<Source>,
}

impl ConfigError {
    pub(crate) fn new(kind: ConfigErrorKind, file: &Path, message: impl Into<String>) -> Self {
        ConfigError(Box::new(Inner {
            kind,
            file: file.to_owned(),
            position: None,
            message: message.into(),
            hint: None,
            source: None,
        }))
    }

    pub(crate) fn at(mut self, position: Option<Position>) -> Self {
        self.0.position = position;
        self
    }

    pub(crate) fn hinting(mut self, hint: impl Into<Option<String>>) -> Self {
        self.0.hint = hint.into();
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns what kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ConfigErrorKind {
        self.0.kind
    }

    /// Returns the configuration file that it is about.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// Returns the place in the file, if there is one.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// Returns what is wrong, without the file and the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns what a person may do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.0.file.display())?;
        if let Some(Position { line, column }) = self.0.position {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.0.message)
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
