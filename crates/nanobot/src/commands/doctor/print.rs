use super::finding::{Finding, Level, Report};
use crate::output::{self, ACCENT, BAD, CAUTION, GOOD, OutputError, STRONG, harmless, styled};

pub(super) fn print(report: &Report) -> Result<(), OutputError> {
    for area in &report.areas {
        output::line(styled(area.area, STRONG))?;
        area.findings.iter().try_for_each(finding)?;
    }
    output::line(verdict(report))
}

fn finding(finding: &Finding) -> Result<(), OutputError> {
    let (mark, style) = match finding.level {
        Level::Ok => ("✓ ok", GOOD),
        Level::Warning => ("! warning", CAUTION),
        Level::Problem => ("✗ problem", BAD),
    };
    let lines = harmless(&finding.message).replace('\n', "\n             ");
    output::line(format_args!("  {} {lines}", styled(format_args!("{mark:10}"), style)))?;
    match &finding.hint {
        Some(hint) => output::line(format_args!(
            "             {} {}",
            styled("hint:", ACCENT),
            harmless(hint)
        )),
        None => Ok(()),
    }
}

fn verdict(report: &Report) -> String {
    let counted = |level, one: &str, more: &str| match report.count(level) {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    let warnings = counted(Level::Warning, "warning", "warnings");
    match report.verdict {
        Level::Ok => format!("\n{}", output::done("All is well.")),
        Level::Warning => format!("\nNothing is broken; {warnings}."),
        Level::Problem => {
            format!("\n{} and {warnings}.", counted(Level::Problem, "problem", "problems"))
        }
    }
}
