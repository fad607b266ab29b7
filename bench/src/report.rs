//! What was measured, for people and for programs.

mod readme;
mod rounds;
mod table;

use serde::{Deserialize, Serialize};

use crate::figure::Figure;
use crate::machine::Machine;
use crate::scenario::Scenario;
use crate::subject::Subject;

pub(crate) use readme::refresh;

/// All figures of a run, or of several.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) is_quick: bool,
    /// Without optimisation figures say little.
    pub(crate) is_debug_build: bool,
    /// Version of the original, if it is there.
    pub(crate) original: Option<String>,
    /// Subjects that are not there, and why.
    pub(crate) missing: Vec<(Subject, String)>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) faults: Vec<Fault>,
}

/// One figure of one round.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) scenario: Scenario,
    pub(crate) subject: Subject,
    pub(crate) round: u32,
    #[serde(flatten)]
    pub(crate) figure: Figure,
}

/// What should not have happened.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) scenario: Scenario,
    pub(crate) subject: Subject,
    pub(crate) round: u32,
    pub(crate) what: String,
}

impl Report {
    /// Both together, with the rounds of the other behind those of this one, whose machine it keeps.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        let rounds = self.samples.iter().map(|it| it.round).max().unwrap_or_default();
        other.samples.iter_mut().for_each(|it| it.round += rounds);
        other.faults.iter_mut().for_each(|it| it.round += rounds);
        self.is_quick |= other.is_quick;
        self.is_debug_build |= other.is_debug_build;
        self.original = self.original.or(other.original);
        self.samples.extend(other.samples);
        self.faults.extend(other.faults);
        // What one of them measured is there.
        let missing = self.missing.into_iter().chain(other.missing);
        let samples = &self.samples;
        let mut missing: Vec<_> =
            missing.filter(|(it, _)| samples.iter().all(|sample| sample.subject != *it)).collect();
        missing.dedup();
        self.missing = missing;
        self
    }

    /// The report as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = self.preface();
        let mut scenarios: Vec<Scenario> = self.samples.iter().map(|it| it.scenario).collect();
        scenarios.sort_unstable();
        scenarios.dedup();
        for scenario in scenarios {
            text += &format!("\n### {}\n\n", scenario.title());
            text += &table::of(self, scenario);
        }
        if !self.faults.is_empty() {
            text += "\n### What went wrong\n\n";
            for Fault { scenario, subject, round, what } in &self.faults {
                let (scenario, subject) = (scenario.title(), subject.title());
                text += &format!("- {scenario}, {subject}, round {round}: {what}\n");
            }
        }
        text
    }

    /// Where and how the figures were taken, a sentence on each line.
    fn preface(&self) -> String {
        let mut lines = vec![self.machine.to_string(), rounds::told(&self.samples)];
        if self.is_quick {
            lines.push("Taken in little time (`--quick`), so they are rough.".to_owned());
        }
        if self.is_debug_build {
            lines.push("Taken without optimisation, so they say little.".to_owned());
        }
        if let Some(version) = &self.original {
            lines.push(format!("The original is nanobot-ai {version}."));
        }
        for (subject, why) in &self.missing {
            lines.push(format!("Not measured: {} ({why}).", subject.title()));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Unit;

    fn report(subject: Subject, value: f64, missing: &[Subject]) -> Report {
        let figure = Figure { name: "all accepted".to_owned(), unit: Unit::Milliseconds, value };
        let machine = r#"{"cpu":"Cpu","cores":2,"memory_gib":24.0,"kernel":"6.18","disk_flush_ms":0.2,"load_average":0.1}"#;
        Report {
            machine: serde_json::from_str(machine).unwrap(),
            is_quick: false,
            is_debug_build: false,
            original: None,
            missing: missing.iter().map(|it| (*it, "not installed".to_owned())).collect(),
            samples: vec![Sample { scenario: Scenario::Burst, subject, round: 1, figure }],
            faults: Vec::new(),
        }
    }

    #[test]
    fn reports_of_two_runs_make_one_table_and_what_either_measured_is_there() {
        let first = report(Subject::Ours, 10.0, &[Subject::Original, Subject::OursPython]);
        let second = report(Subject::Original, 50.0, &[Subject::OursPython]);
        let json = serde_json::to_string(&second).unwrap();
        let both = first.and(serde_json::from_str(&json).unwrap());
        let markdown = both.markdown();
        let row = "| all accepted | – | 10 ms | not installed | 50 ms | 5× |";
        assert!(markdown.contains(row), "{markdown}");
        let told =
            markdown.matches("Not measured: nanobot, Python plugin (not installed).").count();
        assert_eq!(told, 1, "{markdown}");
        assert!(!markdown.contains("Not measured: original"), "{markdown}");
        assert_eq!(both.samples.iter().map(|it| it.round).collect::<Vec<_>>(), [1, 2]);
    }
}
