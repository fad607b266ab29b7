//! What the examination found.

use nanobot_channel::ChannelError;
use serde::Serialize;

use crate::exit;
use crate::failure::Failure;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    /// Works, but a person should look at it.
    Warning,
    /// Something does not work, or will not.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) message: String,
    /// What to do next.
    pub(super) hint: Option<String>,
}

/// What was found in one area.
#[derive(Serialize)]
pub(super) struct Area {
    pub(super) area: &'static str,
    pub(super) findings: Vec<Finding>,
}

#[derive(Serialize)]
pub(super) struct Report {
    pub(super) version: &'static str,
    /// The worst level of all.
    pub(super) verdict: Level,
    pub(super) areas: Vec<Area>,
}

impl Finding {
    fn new(level: Level, message: impl Into<String>) -> Self {
        Self { level, message: message.into(), hint: None }
    }

    pub(super) fn ok(message: impl Into<String>) -> Self {
        Self::new(Level::Ok, message)
    }

    pub(super) fn warning(message: impl Into<String>) -> Self {
        Self::new(Level::Warning, message)
    }

    pub(super) fn problem(message: impl Into<String>) -> Self {
        Self::new(Level::Problem, message)
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same at another level.
    pub(super) fn at(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

impl From<&anyhow::Error> for Finding {
    fn from(error: &anyhow::Error) -> Self {
        Self { hint: exit::hint(error), ..Self::problem(exit::chain(error)) }
    }
}

impl From<&Failure> for Finding {
    fn from(failure: &Failure) -> Self {
        Self { hint: failure.hint().map(str::to_owned), ..Self::problem(failure.to_string()) }
    }
}

impl From<&ChannelError> for Finding {
    fn from(error: &ChannelError) -> Self {
        Self { hint: error.hint().map(str::to_owned), ..Self::problem(error.report()) }
    }
}

impl Area {
    pub(super) fn new(area: &'static str, findings: Vec<Finding>) -> Self {
        Self { area, findings }
    }
}

impl Report {
    pub(super) fn new(areas: Vec<Area>) -> Self {
        let levels = areas.iter().flat_map(|area| &area.findings).map(|finding| finding.level);
        let verdict = levels.max().unwrap_or(Level::Ok);
        Self { version: env!("CARGO_PKG_VERSION"), verdict, areas }
    }

    pub(super) fn count(&self, level: Level) -> usize {
        let findings = self.areas.iter().flat_map(|area| &area.findings);
        findings.filter(|finding| finding.level == level).count()
    }
}
