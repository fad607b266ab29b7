//! What was measured, for people and for programs.

mod readme;
mod table;

use serde::Serialize;

use crate::figure::Figure;
use crate::machine::Machine;
use crate::scenario::Scenario;
use crate::subject::Subject;

pub(crate) use readme::refresh;

/// All figures of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) is_quick: bool,
    /// Without optimisation figures say little.
    pub(crate) is_debug_build: bool,
    pub(crate) rounds: u32,
    /// Subjects that are not there, and why.
    pub(crate) missing: Vec<(Subject, &'static str)>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) faults: Vec<Fault>,
}

/// One figure of one round.
#[derive(Debug, Serialize)]
pub(crate) struct Sample {
    pub(crate) scenario: Scenario,
    pub(crate) subject: Subject,
    pub(crate) round: u32,
    #[serde(flatten)]
    pub(crate) figure: Figure,
}

/// What should not have happened.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Fault {
    pub(crate) scenario: Scenario,
    pub(crate) subject: Subject,
    pub(crate) round: u32,
    pub(crate) what: String,
}

impl Report {
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

    fn preface(&self) -> String {
        let Machine { cpu, cores, memory_gib, kernel, disk_flush_ms, load_average } = &self.machine;
        let (build, kind) = (
            if self.is_debug_build {
                "a debug build, whose figures say little"
            } else {
                "a release build"
            },
            if self.is_quick { "quick " } else { "" },
        );
        let mut text = format!(
            "{cpu}, {cores} cores, {memory_gib:.0} GiB of memory, Linux {kernel}; one flush to the disk takes {disk_flush_ms:.2} ms; load average at the start {load_average:.1}.\n\
             Median of {kind}rounds: {}; the range is in parentheses. It is {build}.\n",
            self.rounds
        );
        for (subject, why) in &self.missing {
            text += &format!("Not measured: {} ({why}).\n", subject.title());
        }
        text
    }
}
