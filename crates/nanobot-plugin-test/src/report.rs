use std::fmt;

use serde::Serialize;

/// What was found of each rule.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// In the order of the checks.
    pub findings: Vec<Finding>,
}

/// What was found of one rule.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The rule, as a sentence.
    pub rule: &'static str,
    /// Where in the protocol's text it is.
    pub section: &'static str,
    /// Whether it is kept.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Whether a rule is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Passed,
    /// It is not, and what happened instead.
    Failed(String),
    /// It could not be checked, and why.
    Skipped(String),
}

impl Report {
    /// True unless a rule was seen broken.
    #[must_use]
    pub fn is_conforming(&self) -> bool {
        !self.findings.iter().any(|finding| matches!(finding.verdict, Verdict::Failed(_)))
    }

    /// For tests.
    ///
    /// # Panics
    ///
    /// Panics with the whole report if a rule was seen broken.
    pub fn assert_conforming(&self) {
        assert!(self.is_conforming(), "the plugin breaks rules of the protocol:\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { rule, section, verdict } in &self.findings {
            match verdict {
                Verdict::Passed => writeln!(f, "passed   {rule}")?,
                Verdict::Failed(reason) => {
                    writeln!(f, "FAILED   {rule}\n         {reason} (protocol: {section})")?;
                }
                Verdict::Skipped(reason) => writeln!(f, "skipped  {rule}\n         {reason}")?,
            }
        }
        Ok(())
    }
}
