//! The command that measures everything, and the one that shows it again.

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;

use crate::cli::{RunArgs, TablesArgs};
use crate::console::{say, tell};
use crate::machine::Machine;
use crate::programs::Programs;
use crate::report::{self, Fault, Report, Sample};
use crate::scenario::Scenario;
use crate::subject::Subject;
use crate::trial::Trial;

/// Rounds, unless something else is said. Quick ones are for looking whether all works.
const ROUNDS: u32 = 3;

/// Measures, and says whether all went well.
pub(crate) async fn run(args: RunArgs) -> anyhow::Result<bool> {
    let programs = Programs::find(args.bin.clone())?;
    let subjects = chosen(&args.subject);
    let missing = subjects.iter().map(|it| programs.missing(*it).map(|why| (*it, why.to_owned())));
    let mut report = Report {
        machine: Machine::look(&std::env::temp_dir())?,
        is_quick: args.quick,
        is_debug_build: cfg!(debug_assertions),
        original: programs.original_version(),
        missing: missing.into_iter().flatten().collect(),
        samples: Vec::new(),
        faults: Vec::new(),
    };
    // In turns, so that what else the machine does meets all subjects alike.
    for round in 1..=args.rounds.unwrap_or(if args.quick { 1 } else { ROUNDS }) {
        for scenario in chosen(&args.scenario) {
            for subject in scenario.subjects().iter().filter(|it| subjects.contains(it)) {
                if programs.missing(*subject).is_none() {
                    measure(&mut report, &programs, scenario, *subject, round).await;
                    keep(&report, args.json.as_deref())?;
                }
            }
        }
    }
    publish(&report, args.readme)?;
    Ok(report.faults.iter().all(|fault| fault.subject == Subject::Original))
}

/// Shows what earlier runs kept.
pub(crate) fn tables(args: &TablesArgs) -> anyhow::Result<()> {
    let reports: Vec<Report> =
        args.files.iter().map(|file| read(file)).collect::<anyhow::Result<_>>()?;
    let report = reports.into_iter().reduce(Report::and).context("no file is given")?;
    publish(&report, args.readme)
}

/// All there are, if none was named.
fn chosen<T: ValueEnum + Copy>(named: &[T]) -> Vec<T> {
    let all = if named.is_empty() { T::value_variants() } else { named };
    all.to_vec()
}

async fn measure(
    report: &mut Report,
    programs: &Programs,
    scenario: Scenario,
    subject: Subject,
    round: u32,
) {
    tell(&format!("round {round}: {}: {}", scenario.title(), subject.title()));
    let is_quick = report.is_quick;
    let (figures, faults) = (Vec::new(), Vec::new());
    let mut trial = Trial { programs, subject, is_quick, figures, faults };
    if let Err(error) = scenario.run(&mut trial).await {
        trial.faults.push(format!("{error:#}"));
    }
    for what in trial.faults {
        tell(&format!("    {what}"));
        report.faults.push(Fault { scenario, subject, round, what });
    }
    for figure in trial.figures {
        report.samples.push(Sample { scenario, subject, round, figure });
    }
}

/// Writes all figures so far, so that a run which is cut off leaves them.
fn keep(report: &Report, file: Option<&Path>) -> anyhow::Result<()> {
    let Some(file) = file else {
        return Ok(());
    };
    let json = serde_json::to_string_pretty(report).context("failed to make JSON")?;
    fs::write(file, json).with_context(|| format!("failed to write {}", file.display()))
}

fn read(file: &Path) -> anyhow::Result<Report> {
    let json =
        fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    serde_json::from_str(&json)
        .with_context(|| format!("{} is not a file of `run --json`", file.display()))
}

fn publish(report: &Report, in_readme: bool) -> anyhow::Result<()> {
    let markdown = report.markdown();
    say(&markdown)?;
    if in_readme {
        report::refresh(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), &markdown)?;
    }
    Ok(())
}
