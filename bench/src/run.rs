//! The command that measures everything.

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;

use crate::cli::RunArgs;
use crate::console::{say, tell};
use crate::machine::Machine;
use crate::programs::Programs;
use crate::report::{self, Fault, Report, Sample};
use crate::scenario::Scenario;
use crate::subject::Subject;
use crate::trial::Trial;

/// Rounds, unless something else is said. Quick ones are for looking whether all works.
const ROUNDS: u32 = 5;

/// Measures, and says whether all went well.
pub(crate) async fn run(args: RunArgs) -> anyhow::Result<bool> {
    let programs = Programs::find(args.bin.clone())?;
    let rounds = args.rounds.unwrap_or(if args.quick { 1 } else { ROUNDS });
    let missing = Subject::ALL.map(|it| programs.missing(it).map(|why| (it, why)));
    let mut report = Report {
        machine: Machine::look(&std::env::temp_dir())?,
        is_quick: args.quick,
        is_debug_build: cfg!(debug_assertions),
        rounds,
        original: programs.original_version(),
        missing: missing.into_iter().flatten().collect(),
        samples: Vec::new(),
        faults: Vec::new(),
    };
    let scenarios = match args.scenario.as_slice() {
        [] => Scenario::value_variants(),
        chosen => chosen,
    };
    // In turns, so that what else the machine does meets all subjects alike.
    for round in 1..=rounds {
        for scenario in scenarios {
            for subject in scenario.subjects() {
                if programs.missing(*subject).is_none() {
                    measure(&mut report, &programs, *scenario, *subject, round).await;
                }
            }
        }
    }
    publish(&report, &args)?;
    Ok(report.faults.iter().all(|fault| fault.subject == Subject::Original))
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

fn publish(report: &Report, args: &RunArgs) -> anyhow::Result<()> {
    let markdown = report.markdown();
    say(&markdown)?;
    if let Some(file) = &args.json {
        let json = serde_json::to_string_pretty(report).context("failed to make JSON")?;
        fs::write(file, json).with_context(|| format!("failed to write {}", file.display()))?;
    }
    if args.readme {
        report::refresh(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), &markdown)?;
    }
    Ok(())
}
